#include "session/import.h"

#include <algorithm>
#include <set>

#include "providers/key_format.h"
#include "session/own_endpoint.h"
#include "session/sealed_fields.h"

namespace keyhold {

namespace {

// The vault's own keys of one provider, opened to compare.
std::vector<OpenedRecord> own_keys(const Vault& vault, const RecordFields& fields) {
  std::vector<OpenedRecord> keys;
  for (const Record* record : vault.records()) {
    if (record->fields != fields) continue;
    if (auto secret = vault.open_secret(record->id, fields.base)) keys.push_back({*record, *std::move(secret)});
  }
  return keys;
}

bool same_secret(const SecretBytes& a, const SecretBytes& b) {
  // REVEAL: compared, both are the user's own.
  return a.size() == b.size() && equal(a.reveal(), b.reveal());
}

void compare_with(ImportItem& item, const std::vector<OpenedRecord>& own, std::set<std::string>& replaceable) {
  for (const OpenedRecord& key : own) {
    if (same_secret(key.secret, item.key.secret)) {
      item.state = ImportItem::State::same;
      item.existing = key.record.id;
      return;
    }
    // Of two keys of one label in a file only the first can take the old one's place: the other would be lost.
    if (key.record.label == item.key.record.label && !replaceable.contains(key.record.id)) {
      item.state = ImportItem::State::differs;
      item.existing = key.record.id;
    }
  }
  if (item.state == ImportItem::State::differs) replaceable.insert(item.existing);
}

// Each provider's own keys are opened once, however many come in.
void compare_all(Import& import, const Vault& vault) {
  std::vector<std::pair<RecordFields, std::vector<OpenedRecord>>> own;
  std::set<std::string> replaceable;
  for (ImportItem& item : import.items) {
    const RecordFields& fields = item.key.record.fields;
    auto found = std::find_if(own.begin(), own.end(), [&](const auto& one) { return one.first == fields; });
    if (found == own.end()) found = own.insert(own.end(), {fields, own_keys(vault, fields)});
    compare_with(item, found->second, replaceable);
  }
}

// A file is hostile: a key counts only for a provider that is known here, with its address and header, or for one of the
// user's own endpoints that comes along, and only if it looks like a key.
bool usable(const OpenedRecord& key, const Catalogue& catalogue, const std::vector<CustomEndpoint>& endpoints) {
  if (!key.secret.empty() && !clean_key(key.secret)) return false;
  const RecordFields& fields = key.record.fields;
  if (const ProviderRef provider = catalogue.find(fields.provider)) {
    return provider->usable() && sealed_fields(*provider) == fields;
  }
  return std::any_of(endpoints.begin(), endpoints.end(), [&](const CustomEndpoint& endpoint) {
    const auto provider = own_provider(endpoint, catalogue);
    return endpoint.id == fields.provider && provider && sealed_fields(*provider) == fields;
  });
}

// Of the endpoints in a file, those that may stand beside the providers known here.
std::vector<CustomEndpoint> admitted(const std::vector<CustomEndpoint>& endpoints, const Catalogue& catalogue) {
  std::vector<CustomEndpoint> good;
  for (const CustomEndpoint& endpoint : endpoints) {
    const auto provider = own_provider(endpoint, catalogue);
    if (!provider || !endpoint.id.starts_with("own-") || !check_label(endpoint.name)) continue;
    if (catalogue.admits(*provider)) good.push_back(endpoint);
  }
  return good;
}

}  // namespace

std::string_view name(ImportItem::State state) noexcept {
  constexpr std::string_view kNames[] = {"new", "same", "differs"};
  return kNames[static_cast<std::size_t>(state)];
}

Import import_of(Backup backup, const Catalogue& catalogue, const Vault& vault) {
  Import import;
  import.made_at = backup.made_at;
  import.endpoints = admitted(backup.endpoints, catalogue);
  for (OpenedRecord& key : backup.keys) {
    ImportItem item{std::move(key), {}, {}, true};
    item.usable = usable(item.key, catalogue, import.endpoints);
    // A file's word for what may be shown is not taken.
    // REVEAL: only its last characters, for the hint.
    item.key.record.hint = hint(item.key.secret.reveal());
    import.items.push_back(std::move(item));
  }
  compare_all(import, vault);
  return import;
}

Import import_of(EnvFile file, const Vault& vault, UnixMs now) {
  Import import;
  import.skipped_lines = std::move(file.skipped);
  for (EnvFile::Key& key : file.keys) {
    Record record;
    record.fields = sealed_fields(*key.provider);
    record.label = key.name;
    // REVEAL: only its last characters, for the hint.
    record.hint = hint(key.secret.reveal());
    record.changed_at = now;
    // In the order of the file: keys are listed by it.
    record.created_at = now + static_cast<std::int64_t>(import.items.size());
    import.items.push_back({{std::move(record), std::move(key.secret)}, {}, {}, true});
  }
  compare_all(import, vault);
  return import;
}

Result<std::vector<OpenedRecord>> chosen(const Import& import, const std::vector<ImportChoice>& choices) {
  if (choices.size() != import.items.size()) return Errc::ERR_BAD_INPUT;
  std::vector<OpenedRecord> records;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const ImportItem& item = import.items[i];
    if (choices[i] == ImportChoice::skip) continue;
    if (!item.usable) return Errc::ERR_BAD_INPUT;
    OpenedRecord& record = records.emplace_back();
    record.record = item.key.record;
    record.record.id.clear();
    // REVEAL: copied into what is sealed next; the import stays whole should that fail.
    record.secret = SecretBytes::copy_of(item.key.secret.reveal());
    if (choices[i] != ImportChoice::replace) continue;
    if (item.existing.empty()) return Errc::ERR_BAD_INPUT;
    record.record.id = item.existing;
  }
  return records;
}

}  // namespace keyhold

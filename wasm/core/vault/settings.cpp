#include "vault/settings.h"

#include <algorithm>

#include "base/base64.h"
#include "base/json.h"
#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::size_t kMaxIds = 4'096;  // of keys or providers: more than a vault holds
constexpr std::size_t kMaxAutoSaveText = 1'024;

Result<CustomEndpoint> parse_custom_endpoint(JsonRef object) {
  KEYHOLD_CHECK(object.only({"id", "name", "base", "like"}));
  CustomEndpoint endpoint;
  KEYHOLD_TRY(endpoint.id, read_text(object, "id", 64));
  KEYHOLD_TRY(endpoint.name, read_text(object, "name", kMaxEndpointNameBytes));
  KEYHOLD_TRY(endpoint.base, read_text(object, "base", 512));
  if (object.find("like")) {
    KEYHOLD_TRY(endpoint.like, read_text(object, "like", 64));
  }
  return endpoint;
}

Result<SlotNote> parse_slot_note(JsonRef object) {
  KEYHOLD_CHECK(object.only({"name", "created"}));
  SlotNote note;
  KEYHOLD_TRY(note.name, read_text(object, "name", kMaxNameBytes));
  KEYHOLD_TRY(note.created_at, read_count(object, "created"));
  return note;
}

Result<BackupNote> parse_backup_note(JsonRef object) {
  KEYHOLD_CHECK(object.only({"at", "keys"}));
  BackupNote note;
  KEYHOLD_TRY(note.at, read_count(object, "at"));
  KEYHOLD_TRY(const std::string text, read_text(object, "keys", 64));
  KEYHOLD_TRY(const Bytes keys, parse_base64url(text));
  if (keys.size() != note.keys.size()) return Errc::ERR_BAD_FORMAT;
  std::copy(keys.begin(), keys.end(), note.keys.begin());
  return note;
}

Result<AutoSave> parse_auto_save(JsonRef object) {
  KEYHOLD_CHECK(object.only({"slot", "key"}));
  KEYHOLD_TRY(const std::string slot, read_text(object, "slot", kMaxAutoSaveText));
  KEYHOLD_TRY(const std::string key, read_text(object, "key", kMaxAutoSaveText));
  AutoSave kept;
  KEYHOLD_TRY(kept.slot, parse_base64url(slot));
  KEYHOLD_TRY(kept.key, parse_base64url(key));
  return kept;
}

JsonOut encode_ids(const std::vector<std::string>& ids) {
  JsonOut array = JsonOut::array();
  for (const std::string& id : ids) array.push(id);
  return array;
}

Result<std::vector<std::string>> read_ids(JsonRef array) {
  if (array.size() > kMaxIds) return Errc::ERR_BAD_FORMAT;
  std::vector<std::string> ids;
  KEYHOLD_CHECK(array.each([&](JsonRef id) -> Result<void> {
    KEYHOLD_TRY(const std::string_view text, id.text(64));
    ids.emplace_back(text);
    return {};
  }));
  return ids;
}

JsonOut encode_settings(const Settings& settings) {
  JsonOut defaults = JsonOut::object();
  for (const auto& [provider, record] : settings.defaults) defaults.set(provider, record);
  JsonOut slots = JsonOut::object();
  for (const auto& [id, note] : settings.slots) {
    JsonOut out = JsonOut::object();
    out.set("name", note.name).set("created", note.created_at);
    slots.set(id, out);
  }
  JsonOut info = JsonOut::object();
  info.set("defaults", defaults)
      .set("endpoints", encode_endpoints(settings.endpoints))
      .set("order", encode_ids(settings.order))
      .set("slots", slots);
  info.set("lock", settings.lock_minutes);
  if (!settings.failover.empty()) info.set("failover", encode_ids(settings.failover));
  if (!settings.grants.empty()) {
    JsonOut grants = JsonOut::array();
    for (const Grant& grant : settings.grants) grants.push(encode_grant(grant));
    info.set("grants", grants);
  }
  if (!settings.app_keys.empty()) {
    JsonOut uses = JsonOut::object();
    for (const auto& [provider, use] : settings.app_keys) uses.set(provider, use);
    info.set("appkeys", uses);
  }
  if (settings.backup) {
    JsonOut backup = JsonOut::object();
    backup.set("at", settings.backup->at).set("keys", encode_base64url(settings.backup->keys));
    info.set("backup", backup);
  }
  if (settings.auto_save) {
    JsonOut kept = JsonOut::object();
    kept.set("slot", encode_base64url(settings.auto_save->slot)).set("key", encode_base64url(settings.auto_save->key));
    info.set("autosave", kept);
  }
  return info;
}

/// By provider.
Result<void> read_texts(JsonRef object, std::map<std::string, std::string, std::less<>>& texts) {
  return object.each_member([&](std::string_view provider, JsonRef value) -> Result<void> {
    KEYHOLD_TRY(const std::string_view text, value.text(64));
    texts.emplace(provider, text);
    return {};
  });
}

Result<void> read_lists(JsonRef info, Settings& settings) {
  KEYHOLD_TRY(const JsonRef defaults, info.field("defaults"));
  KEYHOLD_CHECK(read_texts(defaults, settings.defaults));
  if (const auto app_keys = info.find("appkeys")) KEYHOLD_CHECK(read_texts(*app_keys, settings.app_keys));
  KEYHOLD_TRY(const JsonRef endpoints, info.field("endpoints"));
  KEYHOLD_TRY(settings.endpoints, parse_endpoints(endpoints));
  KEYHOLD_TRY(const JsonRef order, info.field("order"));
  KEYHOLD_TRY(settings.order, read_ids(order));
  KEYHOLD_TRY(const JsonRef slots, info.field("slots"));
  return slots.each_member([&](std::string_view id, JsonRef object) -> Result<void> {
    KEYHOLD_TRY(SlotNote note, parse_slot_note(object));
    settings.slots.emplace(id, std::move(note));
    return {};
  });
}

}  // namespace

JsonOut encode_endpoints(const std::vector<CustomEndpoint>& endpoints) {
  JsonOut array = JsonOut::array();
  for (const CustomEndpoint& endpoint : endpoints) {
    JsonOut out = JsonOut::object();
    out.set("id", endpoint.id).set("name", endpoint.name).set("base", endpoint.base);
    if (!endpoint.like.empty()) out.set("like", endpoint.like);
    array.push(out);
  }
  return array;
}

Result<std::vector<CustomEndpoint>> parse_endpoints(JsonRef array) {
  if (array.size() > kMaxCustomEndpoints) return Errc::ERR_BAD_FORMAT;
  std::vector<CustomEndpoint> endpoints;
  KEYHOLD_CHECK(array.each([&](JsonRef object) -> Result<void> {
    KEYHOLD_TRY(CustomEndpoint endpoint, parse_custom_endpoint(object));
    const bool twice = std::any_of(endpoints.begin(), endpoints.end(),
                                   [&](const CustomEndpoint& one) { return one.id == endpoint.id; });
    if (twice) return Errc::ERR_BAD_FORMAT;
    endpoints.push_back(std::move(endpoint));
    return {};
  }));
  return endpoints;
}

Bytes seal_settings(const Settings& settings, std::string_view vault, const SubKey& key, Rng& rng) {
  Header header{.purpose = Purpose::settings, .vault = std::string(vault), .id = "settings"};
  header.rev = settings.rev;
  // REVEAL: the subkey seals.
  return seal_envelope(header, Body{encode_settings(settings).dump(), {}}, key.reveal(), rng);
}

Result<Settings> open_settings(const Envelope& envelope, const SubKey& key) {
  KEYHOLD_TRY(const Json document, open_info(envelope, key));
  const JsonRef info = document.root();
  KEYHOLD_CHECK(info.only(
      {"defaults", "endpoints", "order", "slots", "lock", "failover", "grants", "appkeys", "backup", "autosave"}));
  Settings settings;
  settings.rev = envelope.header.rev;
  KEYHOLD_CHECK(read_lists(info, settings));
  KEYHOLD_TRY(const JsonRef lock, info.field("lock"));
  KEYHOLD_TRY(settings.lock_minutes, lock.integer(kMinLockMinutes, kMaxLockMinutes));
  if (const auto failover = info.find("failover")) {
    KEYHOLD_TRY(settings.failover, read_ids(*failover));
  }
  if (const auto grants = info.find("grants")) {
    if (!grants->is_array() || grants->size() > kMaxGrants) return Errc::ERR_BAD_FORMAT;
    KEYHOLD_CHECK(grants->each([&](JsonRef object) -> Result<void> {
      KEYHOLD_TRY(Grant grant, parse_grant(object));
      settings.grants.push_back(std::move(grant));
      return {};
    }));
  }
  if (const auto backup = info.find("backup")) {
    KEYHOLD_TRY(settings.backup, parse_backup_note(*backup));
  }
  if (const auto kept = info.find("autosave")) {
    KEYHOLD_TRY(settings.auto_save, parse_auto_save(*kept));
  }
  return settings;
}

}  // namespace keyhold

#include "vault/manifest.h"

#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::string_view kSlotPrefix = "slot/";

Result<Digest> parse_digest(JsonRef field) {
  KEYHOLD_TRY(const std::string_view text, field.text(64));
  KEYHOLD_TRY(const Bytes bytes, parse_base64url(text));
  Digest digest{};
  if (bytes.size() != digest.size()) return Errc::ERR_BAD_FORMAT;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

// [rev, digest], and of a record [rev, digest, base].
void encode_entry(const ManifestEntry& entry, JsonOut& out) {
  out.push(entry.rev).push(encode_base64url(entry.digest));
  if (!entry.base.empty()) out.push(entry.base);
}

Result<ManifestEntry> parse_entry(JsonRef array) {
  if (array.size() < 2 || array.size() > 3) return Errc::ERR_BAD_FORMAT;
  ManifestEntry entry{};
  int at = 0;
  KEYHOLD_CHECK(array.each([&](JsonRef field) -> Result<void> {
    switch (at++) {
      case 0: {
        KEYHOLD_TRY(entry.rev, field.integer(1, kMaxCount));
        return {};
      }
      case 1: {
        KEYHOLD_TRY(entry.digest, parse_digest(field));
        return {};
      }
      default: {
        KEYHOLD_TRY(entry.base, field.text(512));
        return {};
      }
    }
  }));
  return entry;
}

JsonOut encode_audit(const AuditHead& audit) {
  JsonOut steps = JsonOut::array();
  for (const Digest& step : audit.steps) steps.push(encode_base64url(step));
  JsonOut out = JsonOut::object();
  out.set("first", audit.first).set("last", audit.last).set("before", encode_base64url(audit.before));
  out.set("head", encode_base64url(audit.head)).set("steps", steps);
  return out;
}

Result<AuditHead> parse_audit(JsonRef object) {
  KEYHOLD_CHECK(object.only({"first", "last", "before", "head", "steps"}));
  AuditHead audit;
  KEYHOLD_TRY(audit.first, read_count(object, "first", 1));
  KEYHOLD_TRY(audit.last, read_count(object, "last"));
  KEYHOLD_TRY(const JsonRef before, object.field("before"));
  KEYHOLD_TRY(audit.before, parse_digest(before));
  KEYHOLD_TRY(const JsonRef head, object.field("head"));
  KEYHOLD_TRY(audit.head, parse_digest(head));
  // As trim_audit leaves it: a head that says otherwise would be followed without end.
  if (audit.last < audit.first - 1 || audit.last - audit.first >= kMaxAuditEntries) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const JsonRef steps, object.field("steps"));
  const std::int64_t kept_steps = audit.last / kAuditStep - (audit.first - 1) / kAuditStep;
  if (std::cmp_not_equal(steps.size(), kept_steps)) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_CHECK(steps.each([&](JsonRef step) -> Result<void> {
    KEYHOLD_TRY(const Digest digest, parse_digest(step));
    audit.steps.push_back(digest);
    return {};
  }));
  return audit;
}

using SlotDigests = std::map<std::string, Digest, std::less<>>;

void add_slot(SlotDigests& slots, const std::string& row, const ManifestEntry& entry) {
  if (row.starts_with(kSlotPrefix)) slots.emplace(row.substr(kSlotPrefix.size()), entry.digest);
}

SlotDigests listed_slots(const ManifestEntries& entries) {
  SlotDigests slots;
  for (auto entry = entries.lower_bound(kSlotPrefix); entry != entries.end() && entry->first.starts_with(kSlotPrefix);
       ++entry) {
    add_slot(slots, entry->first, entry->second);
  }
  return slots;
}

// Both are in the order of the row keys.
void each_changed(const ManifestEntries& entries, const EntryChanges& changes,
                  FunctionRef<void(const std::string&, const ManifestEntry&)> visit) {
  auto entry = entries.begin();
  for (const auto& [row, change] : changes) {
    for (; entry != entries.end() && entry->first < row; ++entry) visit(entry->first, entry->second);
    if (entry != entries.end() && entry->first == row) ++entry;
    if (change) visit(row, *change);
  }
  for (; entry != entries.end(); ++entry) visit(entry->first, entry->second);
}

Finding::Kind kind_of(Errc code) noexcept {
  if (code == Errc::ERR_STALE_RECORD) return Finding::Kind::stale;
  if (code == Errc::ERR_SWAPPED) return Finding::Kind::swapped;
  return Finding::Kind::altered;
}

}  // namespace

std::string_view name(Finding::Kind kind) noexcept {
  switch (kind) {
    case Finding::Kind::missing: return "missing";
    case Finding::Kind::stale: return "stale";
    case Finding::Kind::swapped: return "swapped";
    case Finding::Kind::altered: return "altered";
    case Finding::Kind::unexpected: return "unexpected";
    case Finding::Kind::rolled_back: return "rolled-back";
  }
  return "";
}

Bytes seal_manifest(const ManifestHead& head, const ManifestEntries& entries, const EntryChanges& changes,
                    const SubKey& key, Rng& rng) {
  Header header{.purpose = Purpose::manifest, .vault = head.vault, .id = "manifest"};
  header.rev = head.generation;
  header.manifest = ManifestFields{head.generation, head.epoch, {}};
  JsonOut info = JsonOut::object();
  info.set_object("entries", [&](JsonOut& list) {
    each_changed(entries, changes, [&](const std::string& row, const ManifestEntry& entry) {
      list.set_array(row, [&](JsonOut& out) { encode_entry(entry, out); });
      add_slot(header.manifest->slots, row, entry);
    });
  });
  info.set("audit", encode_audit(head.audit));
  // REVEAL: the subkey seals.
  return seal_envelope(header, Body{info.dump(), {}}, key.reveal(), rng);
}

Result<Manifest> open_manifest(ByteView bytes, std::string_view vault, const SubKey& key) {
  KEYHOLD_TRY(const Envelope envelope, parse_row("manifest", bytes, vault));
  // REVEAL: the subkey opens.
  KEYHOLD_TRY(const Body body, open_envelope(envelope, key.reveal()));
  Manifest manifest;
  manifest.vault = envelope.header.vault;
  manifest.generation = envelope.header.manifest->generation;
  manifest.epoch = envelope.header.manifest->epoch;
  KEYHOLD_TRY(const Json info, Json::parse(as_bytes(body.info), {.max_bytes = kMaxEnvelopeBytes}));
  KEYHOLD_CHECK(info.root().only({"entries", "audit"}));
  KEYHOLD_TRY(const JsonRef entries, info.root().field("entries"));
  KEYHOLD_CHECK(entries.each_member([&](std::string_view row, JsonRef object) -> Result<void> {
    KEYHOLD_TRY(ManifestEntry entry, parse_entry(object));
    manifest.entries.emplace(row, std::move(entry));
    return {};
  }));
  // Written anew from the entries with the next change: the header bounds them.
  if (listed_slots(manifest.entries) != envelope.header.manifest->slots) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const JsonRef audit, info.root().field("audit"));
  KEYHOLD_TRY(manifest.audit, parse_audit(audit));
  return manifest;
}

void apply(const EntryChanges& changes, ManifestEntries& entries) {
  for (const auto& [row, change] : changes) {
    if (change) {
      entries.insert_or_assign(row, *change);
    } else {
      entries.erase(row);
    }
  }
}

ManifestEntry manifest_entry(const Header& header, ByteView bytes) {
  return {header.rev, digest_of(bytes), header.record ? header.record->base : std::string()};
}

Result<Envelope> parse_row(std::string_view key, ByteView bytes, std::string_view vault) {
  KEYHOLD_TRY(Envelope envelope, parse_envelope(bytes));
  if (row_key(envelope.header.purpose, envelope.header.id) != key) return Errc::ERR_SWAPPED;
  if (envelope.header.vault != vault) return Errc::ERR_SWAPPED;
  return envelope;
}

Result<Envelope> parse_listed_row(std::string_view key, ByteView bytes, std::string_view vault,
                                  const ManifestEntry& entry) {
  KEYHOLD_TRY(Envelope envelope, parse_row(key, bytes, vault));
  const Header& header = envelope.header;
  if (header.record && header.record->base != entry.base) return Errc::ERR_ENDPOINT_MISMATCH;
  if (header.rev < entry.rev) return Errc::ERR_STALE_RECORD;
  if (digest_of(bytes) != entry.digest) return Errc::ERR_TAMPERED;
  return envelope;
}

std::vector<Finding> compare(const Manifest& manifest, const Rows& rows,
                             FunctionRef<void(const std::string&, const Envelope&)> sound) {
  std::vector<Finding> findings;
  for (const auto& [key, entry] : manifest.entries) {
    const auto row = rows.find(key);
    if (row == rows.end()) {
      findings.push_back({Errc::ERR_NOT_FOUND, Finding::Kind::missing, key});
    } else if (const auto checked = parse_listed_row(key, row->second, manifest.vault, entry)) {
      sound(key, *checked);
    } else {
      findings.push_back({checked.error(), kind_of(checked.error()), key});
    }
  }
  for (const auto& [key, bytes] : rows) {
    if (key == "manifest" || manifest.entries.contains(key)) continue;
    const auto checked = parse_row(key, bytes, manifest.vault);
    // Whole and in its place, yet not listed: a deleted row that somebody put back.
    findings.push_back({checked ? Errc::ERR_STALE_RECORD : checked.error(), Finding::Kind::unexpected, key});
  }
  return findings;
}

}  // namespace keyhold

#include "vault/manifest.h"

#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::string_view kSlotPrefix = "slot/";
constexpr std::string_view kRecordPrefix = "record/";
constexpr std::string_view kPagePrefix = "page/";
/// Behind every row key, all of which are UTF-8.
constexpr std::string_view kEnd = "\xff";

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

/// The first text behind all that begin with `prefix`.
std::string end_of(std::string prefix) {
  ++prefix.back();
  return prefix;
}

// A list being written, and the ways in on it.
struct Listing {
  JsonOut& out;
  SlotDigests slots{};
  bool empty = true;

  void add(const std::string& row, const ManifestEntry& entry) {
    out.set_array(row, [&](JsonOut& array) { encode_entry(entry, array); });
    add_slot(slots, row, entry);
    empty = false;
  }
};

// From one row key up to another. Both maps are in the order of the row keys.
void list_changed(const ManifestEntries& entries, const EntryChanges& changes, std::string_view from,
                  std::string_view to, Listing& listing) {
  auto entry = entries.lower_bound(from);
  const auto end = entries.lower_bound(to);
  const auto last = changes.lower_bound(to);
  for (auto change = changes.lower_bound(from); change != last; ++change) {
    const std::string& row = change->first;
    for (; entry != end && entry->first < row; ++entry) listing.add(entry->first, entry->second);
    if (entry != end && entry->first == row) ++entry;
    if (change->second) listing.add(row, *change->second);
  }
  for (; entry != end; ++entry) listing.add(entry->first, entry->second);
}

// Of one page, or, with 0, of the head.
Result<void> parse_entries(JsonRef info, char page, ManifestEntries& entries) {
  KEYHOLD_TRY(const JsonRef listed, info.field("entries"));
  if (page != 0 && listed.size() == 0) return Errc::ERR_BAD_FORMAT;  // it goes with its last record
  return listed.each_member([&](std::string_view row, JsonRef object) -> Result<void> {
    if (page_of(row) != page || (is_page(row) && row.size() != kPagePrefix.size() + 1)) return Errc::ERR_BAD_FORMAT;
    KEYHOLD_TRY(ManifestEntry entry, parse_entry(object));
    entries.emplace(row, std::move(entry));
    return {};
  });
}

Finding::Kind kind_of(Errc code) noexcept {
  if (code == Errc::ERR_NOT_FOUND) return Finding::Kind::missing;
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

void report(Findings& findings, Errc code, Finding::Kind kind, const std::string& key) {
  findings.push_back({code, kind, key});
}

bool is_page(std::string_view row) noexcept { return row.starts_with(kPagePrefix); }

char page_of(std::string_view row) noexcept {
  return row.starts_with(kRecordPrefix) && row.size() > kRecordPrefix.size() ? row[kRecordPrefix.size()] : '\0';
}

std::string page_row_key(char page) { return std::string(kPagePrefix) + page; }

Bytes seal_manifest(const ManifestHead& head, const ManifestEntries& entries, const EntryChanges& changes,
                    const SubKey& key, Rng& rng) {
  Header header{.purpose = Purpose::manifest, .vault = head.vault, .id = "manifest"};
  header.rev = head.generation;
  header.manifest = ManifestFields{head.generation, head.epoch, {}};
  JsonOut info = JsonOut::object();
  info.set_object("entries", [&](JsonOut& list) {
    Listing listing{list};
    // All but the records.
    list_changed(entries, changes, {}, kRecordPrefix, listing);
    list_changed(entries, changes, end_of(std::string(kRecordPrefix)), kEnd, listing);
    header.manifest->slots = std::move(listing.slots);
  });
  info.set("audit", encode_audit(head.audit));
  // REVEAL: the subkey seals.
  return seal_envelope(header, Body{info.dump(), {}}, key.reveal(), rng);
}

Bytes seal_page(char page, const ManifestHead& head, const ManifestEntries& entries, const EntryChanges& changes,
                const SubKey& key, Rng& rng) {
  const std::string prefix = std::string(kRecordPrefix) + page;
  bool empty = true;
  JsonOut info = JsonOut::object();
  info.set_object("entries", [&](JsonOut& list) {
    Listing listing{list};
    list_changed(entries, changes, prefix, end_of(prefix), listing);
    empty = listing.empty;
  });
  if (empty) return {};
  Header header{.purpose = Purpose::page, .vault = head.vault, .id = std::string(1, page)};
  header.rev = head.generation;
  // REVEAL: the subkey seals.
  return seal_envelope(header, Body{info.dump(), {}}, key.reveal(), rng);
}

Result<Manifest> open_manifest(ByteView bytes, std::string_view vault, const SubKey& key) {
  KEYHOLD_TRY(const Envelope envelope, parse_row("manifest", bytes, vault));
  KEYHOLD_TRY(const Json info, open_info(envelope, key, {.max_bytes = kMaxEnvelopeBytes}));
  Manifest manifest;
  manifest.vault = envelope.header.vault;
  manifest.generation = envelope.header.manifest->generation;
  manifest.epoch = envelope.header.manifest->epoch;
  KEYHOLD_CHECK(info.root().only({"entries", "audit"}));
  KEYHOLD_CHECK(parse_entries(info.root(), 0, manifest.entries));
  // Written anew from the entries with the next change: the header bounds them.
  if (listed_slots(manifest.entries) != envelope.header.manifest->slots) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const JsonRef audit, info.root().field("audit"));
  KEYHOLD_TRY(manifest.audit, parse_audit(audit));
  return manifest;
}

Result<void> open_page(const Envelope& envelope, const SubKey& key, ManifestEntries& entries) {
  KEYHOLD_TRY(const Json info, open_info(envelope, key, {.max_bytes = kMaxEnvelopeBytes}));
  KEYHOLD_CHECK(info.root().only({"entries"}));
  const char page = envelope.header.id[0];
  const auto read = parse_entries(info.root(), page, entries);
  if (read) return {};
  // Of a list that is spoilt, nothing counts.
  const std::string prefix = std::string(kRecordPrefix) + page;
  entries.erase(entries.lower_bound(prefix), entries.lower_bound(end_of(prefix)));
  return read.error();
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

Result<void> read_listed(Manifest& manifest, const Rows& rows, const std::string& row, const ManifestEntry& entry,
                         const SubKey& key, FunctionRef<void(const std::string&, const Envelope&)> sound) {
  const auto stored = rows.find(row);
  if (stored == rows.end()) return Errc::ERR_NOT_FOUND;
  KEYHOLD_TRY(const Envelope envelope, parse_listed_row(row, stored->second, manifest.vault, entry));
  if (is_page(row)) return open_page(envelope, key, manifest.entries);
  sound(row, envelope);
  return {};
}

void compare(Manifest& manifest, const Rows& rows, const SubKey& key,
             FunctionRef<void(const std::string&, const Envelope&)> sound, Findings& findings) {
  for (const auto& [row, entry] : manifest.entries) {
    const auto outcome = read_listed(manifest, rows, row, entry, key, sound);
    if (outcome) continue;
    report(findings, outcome.error(), kind_of(outcome.error()), row);
    if (is_page(row)) manifest.unread_pages += row.back();
  }
  for (const auto& [row, bytes] : rows) {
    if (row == "manifest" || manifest.entries.contains(row)) continue;
    const auto checked = parse_row(row, bytes, manifest.vault);
    if (const char page = page_of(row); page != 0 && manifest.unread_pages.find(page) != std::string::npos) {
      if (checked) sound(row, *checked);
      continue;
    }
    // Whole and in its place, yet not listed: a deleted row that somebody put back.
    report(findings, checked ? Errc::ERR_STALE_RECORD : checked.error(), Finding::Kind::unexpected, row);
  }
}

}  // namespace keyhold

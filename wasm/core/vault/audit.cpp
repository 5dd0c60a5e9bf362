#include "vault/audit.h"

#include <algorithm>

#include "base/json.h"
#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::string_view kNames[] = {
    "create",        "unlock",      "unlock-failed", "key-add",           "key-replace", "key-label",
    "key-delete",    "key-default", "key-check",     "key-expires",       "key-order",   "use",
    "slot-add",      "slot-remove", "slot-name",     "passphrase-change", "root-rotate", "export",
    "import",        "repair",      "endpoint-add",  "endpoint-remove",   "settings",    "trail-restart",
    "key-reflected", "key-caps"};
static_assert(std::size(kNames) == static_cast<std::size_t>(AuditAction::key_caps) + 1);

constexpr std::string_view kPrefix = "audit/";
constexpr std::size_t kDigits = 12;

std::string audit_id(std::int64_t seq) {
  std::string id = std::to_string(seq);
  return id.insert(0, kDigits - std::min(kDigits, id.size()), '0');
}

}  // namespace

std::string_view name(AuditAction action) noexcept { return kNames[static_cast<std::size_t>(action)]; }

std::string audit_row_key(std::int64_t seq) { return std::string(kPrefix) + audit_id(seq); }

Bytes seal_audit_entry(const AuditEvent& event, AuditHead& head, std::string_view vault, const SubKey& key, Rng& rng) {
  JsonOut info = JsonOut::object();
  info.set("at", event.at).set("action", name(event.action)).set("code", event.code);
  for (const auto& [field, text] : {std::pair<const char*, const std::string*>{"provider", &event.provider},
                                    {"subject", &event.subject},
                                    {"label", &event.label}}) {
    if (!text->empty()) info.set(field, *text);
  }
  if (event.count != 1) info.set("count", event.count);
  const std::int64_t seq = head.last + 1;
  Header header{.purpose = Purpose::audit, .vault = std::string(vault), .id = audit_id(seq)};
  header.rev = seq;
  header.audit = AuditFields{head.head};
  // REVEAL: the subkey seals.
  Bytes bytes = seal_envelope(header, Body{info.dump(), {}}, key.reveal(), rng);
  head.last = seq;
  head.head = digest_of(bytes);
  if (seq % kAuditStep == 0) head.steps.push_back(head.head);
  return bytes;
}

Result<AuditEvent> open_audit_entry(const Envelope& envelope, const SubKey& key) {
  KEYHOLD_TRY(const Json info, open_info(envelope, key, {.max_bytes = kMaxHeaderBytes, .max_values = 32}));
  const JsonRef root = info.root();
  KEYHOLD_CHECK(root.only({"at", "action", "code", "provider", "subject", "label", "count"}));
  KEYHOLD_TRY(const std::string action, read_text(root, "action", 32));
  const auto* const known = std::find(std::begin(kNames), std::end(kNames), action);
  if (known == std::end(kNames)) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const UnixMs at, read_count(root, "at"));
  AuditEvent event(static_cast<AuditAction>(known - std::begin(kNames)), at);
  KEYHOLD_TRY(event.code, read_text(root, "code", 64));
  for (const auto& [field, into] : {std::pair<const char*, std::string*>{"provider", &event.provider},
                                    {"subject", &event.subject},
                                    {"label", &event.label}}) {
    if (root.find(field)) {
      KEYHOLD_TRY(*into, read_text(root, field, 512));
    }
  }
  if (root.find("count")) {
    KEYHOLD_TRY(event.count, read_count(root, "count"));
  }
  return event;
}

std::vector<std::string> trim_audit(AuditHead& head, std::int64_t max_entries) {
  std::vector<std::string> dropped;
  while (head.last - head.first + 1 > max_entries && !head.steps.empty()) {
    const std::int64_t step = (head.first + kAuditStep - 1) / kAuditStep * kAuditStep;
    for (std::int64_t seq = head.first; seq <= step; ++seq) dropped.push_back(audit_row_key(seq));
    head.first = step + 1;
    head.before = head.steps.front();
    head.steps.erase(head.steps.begin());
  }
  return dropped;
}

std::vector<std::string> restart_audit(AuditHead& head) {
  std::vector<std::string> dropped;
  for (std::int64_t seq = head.first; seq <= head.last; ++seq) dropped.push_back(audit_row_key(seq));
  head.first = head.last + 1;
  head.before = head.head;
  head.steps.clear();
  return dropped;
}

AuditTrail read_audit(const AuditHead& head, const std::map<std::string, Bytes, std::less<>>& rows,
                      std::string_view vault, const SubKey& key) {
  AuditTrail trail;
  trail.first = head.first;
  Digest before = head.before;
  const auto broken = [&](std::int64_t seq) {
    if (!trail.broken) trail.broken = seq;
  };
  Header expected{.purpose = Purpose::audit, .vault = std::string(vault), .id = {}};
  // Rows and numbers are in the same order.
  auto row = rows.lower_bound(audit_row_key(head.first));
  for (std::int64_t seq = head.first; seq <= head.last; ++seq) {
    expected.id = audit_id(seq);
    const std::string key_of_row = std::string(kPrefix).append(expected.id);
    while (row != rows.end() && row->first < key_of_row) ++row;
    if (row == rows.end() || row->first != key_of_row) {
      broken(seq);
      continue;
    }
    expected.rev = seq;
    expected.audit = AuditFields{before};
    // Nearly every header is the one that follows from the entry before; only the others have to be read.
    std::optional<Envelope> envelope = expect_envelope(row->second, expected);
    if (!envelope) {
      if (auto other = parse_envelope(row->second)) envelope = *std::move(other);
    }
    const bool placed = envelope && envelope->header.purpose == Purpose::audit && envelope->header.rev == seq &&
                        envelope->header.vault == vault && envelope->header.id == expected.id;
    // After a gap the chain goes on from what is there: one lost entry does not hide the others.
    if (!placed || (!trail.broken && envelope->header.audit->before != before)) broken(seq);
    before = digest_of(row->second);
    if (!placed) continue;
    if (auto event = open_audit_entry(*envelope, key)) {
      trail.entries.push_back({seq, *std::move(event)});
    } else {
      broken(seq);
    }
  }
  if (before != head.head && head.last >= head.first) broken(head.last);
  return trail;
}

}  // namespace keyhold

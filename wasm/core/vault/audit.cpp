#include "vault/audit.h"

#include <algorithm>

#include "base/base64.h"
#include "base/json.h"
#include "base/plain_json.h"
#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::string_view kNames[] = {
    "create",        "unlock",      "unlock-failed", "key-add",           "key-replace", "key-label",
    "key-delete",    "key-default", "key-check",     "key-expires",       "key-order",   "use",
    "slot-add",      "slot-remove", "slot-name",     "passphrase-change", "root-rotate", "export",
    "import",        "repair",      "endpoint-add",  "endpoint-remove",   "settings",    "trail-restart",
    "key-reflected", "key-caps",    "auto-save",     "auto-save-end",     "failover",    "failover-end",
    "grant",         "grant-end",   "app-key",       "receipt-refused"};
static_assert(std::size(kNames) == static_cast<std::size_t>(AuditAction::receipt_refused) + 1);

constexpr std::size_t kMaxCode = 64;
constexpr std::size_t kMaxText = 512;

constexpr std::string_view kPrefix = "audit/";
constexpr std::size_t kDigits = 12;

std::string audit_id(std::int64_t seq) {
  std::string id = std::to_string(seq);
  return id.insert(0, kDigits - std::min(kDigits, id.size()), '0');
}

std::optional<AuditAction> action_of(std::string_view text) {
  const auto* const known = std::find(std::begin(kNames), std::end(kNames), text);
  if (known == std::end(kNames)) return std::nullopt;
  return static_cast<AuditAction>(known - std::begin(kNames));
}

/// The header that follows from the entry before, as seal_audit_entry writes it.
bool is_next_header(ByteView header, std::string_view vault, std::string_view id, std::int64_t seq,
                    const Digest& before) {
  PlainJson in(as_text(header));
  return in.text("purpose") == name(Purpose::audit) && in.text("vault") == vault && in.text("id") == id &&
         in.count("rev") == seq && in.text("before") == encode_base64url(before) && in.ended();
}

Result<AuditEvent> read_event(std::string_view info) {
  KEYHOLD_TRY(const Json json, Json::parse(as_bytes(info), {.max_bytes = kMaxHeaderBytes, .max_values = 32}));
  const JsonRef root = json.root();
  KEYHOLD_CHECK(root.only({"at", "action", "code", "provider", "subject", "label", "count"}));
  KEYHOLD_TRY(const std::string text, read_text(root, "action", 32));
  const auto action = action_of(text);
  if (!action) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const UnixMs at, read_count(root, "at"));
  AuditEvent event(*action, at);
  KEYHOLD_TRY(event.code, read_text(root, "code", kMaxCode));
  for (const auto& [field, into] : {std::pair<const char*, std::string*>{"provider", &event.provider},
                                    {"subject", &event.subject},
                                    {"label", &event.label}}) {
    if (root.find(field)) {
      KEYHOLD_TRY(*into, read_text(root, field, kMaxText));
    }
  }
  if (root.find("count")) {
    KEYHOLD_TRY(event.count, read_count(root, "count"));
  }
  return event;
}

/// The same for nearly every entry, at a fraction of the cost; nothing for one that is written in another way.
std::optional<AuditEvent> read_plain_event(std::string_view info) {
  PlainJson in(info);
  const auto at = in.count("at");
  const auto action = action_of(in.text("action").value_or(""));
  const auto code = in.text("code");
  if (!at || !action || !code || code->size() > kMaxCode) return std::nullopt;
  AuditEvent event(*action, *at);
  event.code = *code;
  for (const auto& [field, into] : {std::pair<const char*, std::string*>{"provider", &event.provider},
                                    {"subject", &event.subject},
                                    {"label", &event.label}}) {
    const std::string_view text = in.text(field).value_or("");
    if (text.size() > kMaxText) return std::nullopt;
    *into = text;
  }
  event.count = in.count("count").value_or(event.count);
  if (!in.ended()) return std::nullopt;
  return event;
}

Result<AuditEvent> open_event(const Result<Body>& body) {
  if (!body) return body.error();
  if (auto event = read_plain_event(body->info)) return *std::move(event);
  return read_event(body->info);
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
  // REVEAL: the subkey opens.
  return open_event(open_envelope(envelope, key.reveal()));
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
  // Rows and numbers are in the same order.
  auto row = rows.lower_bound(audit_row_key(head.first));
  for (std::int64_t seq = head.first; seq <= head.last; ++seq) {
    const std::string key_of_row = audit_row_key(seq);
    while (row != rows.end() && row->first < key_of_row) ++row;
    if (row == rows.end() || row->first != key_of_row) {
      broken(seq);
      continue;
    }
    const std::string_view id = std::string_view(key_of_row).substr(kPrefix.size());
    // Nearly every header is the one that follows from the entry before; only the others have to be read.
    const auto parts = split_envelope(row->second);
    bool placed = parts && is_next_header(parts->header, vault, id, seq, before);
    if (!placed) {
      const auto other = parse_envelope(row->second);
      placed = other && other->header.purpose == Purpose::audit && other->header.rev == seq &&
               other->header.vault == vault && other->header.id == id;
      // After a gap the chain goes on from what is there: one lost entry does not hide the others.
      if (!placed || (!trail.broken && other->header.audit->before != before)) broken(seq);
    }
    before = digest_of(row->second);
    if (!placed) continue;
    // REVEAL: the subkey opens.
    if (auto event = open_event(open_envelope(*parts, key.reveal()))) {
      trail.entries.push_back({seq, *std::move(event)});
    } else {
      broken(seq);
    }
  }
  if (before != head.head && head.last >= head.first) broken(head.last);
  return trail;
}

}  // namespace keyhold

// Entries of the trail from anywhere, behind the seal and before it: what opens is written again and read as the same; in
// the place of a sound entry anything else breaks the chain there and nowhere else.
#include "crypto/subkeys.h"
#include "crypto/system_rng.h"
#include "vault/manifest.h"

using namespace keyhold;

namespace {

constexpr std::string_view kVault = "VVVVVVVVVVVVVVVVVVVVVQ";
constexpr std::int64_t kEntries = 4;

bool same(const AuditEvent& a, const AuditEvent& b) {
  return a.action == b.action && a.at == b.at && a.code == b.code && a.provider == b.provider &&
         a.subject == b.subject && a.label == b.label && a.count == b.count;
}

struct Chain {
  SystemRng rng;
  SubKey key = derive_subkey(RootKey::from(SecretBytes(kKeyBytes)).value(), SubKeyId::audit);
  AuditHead head;
  Rows rows;

  Chain() {
    for (std::int64_t seq = 1; seq <= kEntries; ++seq) {
      Bytes bytes = seal_audit_entry({AuditAction::key_add, seq}, head, kVault, key, rng);
      rows.emplace(audit_row_key(seq), std::move(bytes));
    }
  }
  AuditTrail with(std::int64_t seq, Bytes bytes) {
    Rows changed = rows;
    changed[audit_row_key(seq)] = std::move(bytes);
    return read_audit(head, changed, kVault, key);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  static Chain chain;
  const std::int64_t seq = size == 0 ? 1 : 1 + data[size - 1] % kEntries;

  // As a stored row.
  const AuditTrail raw = chain.with(seq, to_bytes(input));
  if (raw.broken != seq || raw.entries.size() != kEntries - 1) __builtin_trap();

  // As the content of an entry that is sealed and chained as it should be.
  Header header = parse_envelope(chain.rows[audit_row_key(seq)])->header;
  const Bytes sealed = seal_envelope(header, Body{std::string(as_text(input)), {}}, chain.key.reveal(), chain.rng);
  const auto event = open_audit_entry(*parse_envelope(sealed), chain.key);
  if (event) {
    AuditHead head;
    const Bytes again = seal_audit_entry(*event, head, kVault, chain.key, chain.rng);
    const auto read = open_audit_entry(*parse_envelope(again), chain.key);
    if (!read || !same(*event, *read)) __builtin_trap();
  }
  // Another entry than the chain's is noticed at the next one, or by the head; one that does not open, at once.
  const AuditTrail trail = chain.with(seq, sealed);
  const std::int64_t noticed = event && seq < kEntries ? seq + 1 : seq;
  if (trail.broken != noticed || trail.entries.size() != (event ? kEntries : kEntries - 1)) __builtin_trap();
  return 0;
}

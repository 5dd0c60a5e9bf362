// audit_chain: how long the core takes to verify a trail of N entries. The bound of 10,000 is the manifest's to keep
// (trim_audit, open_manifest): here the chain is longer, and the function that reads and verifies it is the product's own.
// Usage: keyhold_bench_audit ENTRIES ROUNDS. Prints the milliseconds of each round.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "crypto/subkeys.h"
#include "crypto/system_rng.h"
#include "vault/audit.h"

using namespace keyhold;

namespace {

constexpr std::string_view kVault = "VVVVVVVVVVVVVVVVVVVVVQ";

AuditEvent event_of(std::int64_t seq) {
  AuditEvent event(seq % 2 == 0 ? AuditAction::use : AuditAction::key_check, 1'700'000'000'000 + seq);
  event.provider = "openai";
  event.subject = "KKKKKKKKKKKKKKKKKKKKKQ";
  event.label = "Key of the bench";
  event.count = seq;
  return event;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::int64_t entries = std::atoll(argv[1]);
  SystemRng rng;
  const SubKey key = derive_subkey(RootKey::make(rng), SubKeyId::audit);
  AuditHead head;
  std::map<std::string, Bytes, std::less<>> rows;
  for (std::int64_t seq = 1; seq <= entries; ++seq) {
    Bytes row = seal_audit_entry(event_of(seq), head, kVault, key, rng);
    rows.insert_or_assign(rows.end(), audit_row_key(seq), std::move(row));
  }
  for (int round = std::atoi(argv[2]); round > 0; --round) {
    const auto started = std::chrono::steady_clock::now();
    const AuditTrail trail = read_audit(head, rows, kVault, key);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
    if (trail.broken || trail.entries.size() != static_cast<std::size_t>(entries)) return 1;
    std::printf("%.3f\n", took.count());
  }
  // It does verify: with one byte changed in the middle it says where.
  rows[audit_row_key(entries / 2)].back() ^= 1;
  return read_audit(head, rows, kVault, key).broken == entries / 2 ? 0 : 1;
}

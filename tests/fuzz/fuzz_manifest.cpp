// Manifests from anywhere, behind the seal: arbitrary bodies are sealed with a key and opened, so that the reader of what
// is inside is reached. Whatever opens is written again and read as the same; raw bytes never open.
#include "crypto/subkeys.h"
#include "crypto/system_rng.h"
#include "vault/manifest.h"

using namespace keyhold;

namespace {

constexpr std::string_view kVault = "VVVVVVVVVVVVVVVVVVVVVQ";
constexpr std::string_view kSlot = "qqqqqqqqqqqqqqqqqqqqqg";

bool same(const AuditHead& a, const AuditHead& b) {
  return a.first == b.first && a.last == b.last && a.before == b.before && a.head == b.head && a.steps == b.steps;
}

bool same(const Manifest& a, const Manifest& b) {
  const auto equal_entries = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.rev == y.second.rev && x.second.digest == y.second.digest &&
           x.second.base == y.second.base;
  };
  return a.vault == b.vault && a.generation == b.generation && a.epoch == b.epoch && same(a.audit, b.audit) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(), equal_entries);
}

void check(const Manifest& manifest, const SubKey& key, SystemRng& rng) {
  const auto again = open_manifest(seal_manifest(manifest, manifest.entries, {}, key, rng), kVault, key);
  if (!again || !same(manifest, *again)) __builtin_trap();
  // Of rows that are not there every one is missing.
  const auto findings = compare(manifest, {}, [](const std::string&, const Envelope&) { __builtin_trap(); });
  if (findings.size() != manifest.entries.size()) __builtin_trap();
  const AuditTrail trail = read_audit(manifest.audit, {}, kVault, key);
  if (!trail.entries.empty() || trail.broken.has_value() != (manifest.audit.last >= manifest.audit.first)) {
    __builtin_trap();
  }
  AuditHead head = manifest.audit;
  const auto count = head.last - head.first + 1;
  if (std::cmp_not_equal(trim_audit(head, kAuditStep).size(), count - (head.last - head.first + 1))) __builtin_trap();
  if (head.last - head.first + 1 > kAuditStep) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  static SystemRng rng;
  static const SubKey key = derive_subkey(RootKey::from(SecretBytes(kKeyBytes)).value(), SubKeyId::manifest);

  if (open_manifest(input, kVault, key).ok()) __builtin_trap();

  Header header{.purpose = Purpose::manifest, .vault = std::string(kVault), .id = "manifest"};
  header.manifest = ManifestFields{1, 1, {}};
  // With and without a way in, as the body may list one.
  for (const bool slot : {false, true}) {
    if (slot) header.manifest->slots[std::string(kSlot)] = Digest{};
    const Bytes sealed = seal_envelope(header, Body{std::string(as_text(input)), {}}, key.reveal(), rng);
    if (const auto manifest = open_manifest(sealed, kVault, key)) check(*manifest, key, rng);
  }
  return 0;
}

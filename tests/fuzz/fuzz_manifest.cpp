// Manifests and their pages from anywhere, behind the seal: arbitrary bodies are sealed with a key and opened, so that the
// reader of what is inside is reached. Whatever opens is written again and read as the same; raw bytes never open.
#include "crypto/subkeys.h"
#include "crypto/system_rng.h"
#include "vault/manifest.h"

using namespace keyhold;

namespace {

constexpr std::string_view kVault = "VVVVVVVVVVVVVVVVVVVVVQ";
constexpr std::string_view kSlot = "qqqqqqqqqqqqqqqqqqqqqg";
constexpr char kPage = 'r';

bool same(const AuditHead& a, const AuditHead& b) {
  return a.first == b.first && a.last == b.last && a.before == b.before && a.head == b.head && a.steps == b.steps;
}

bool same(const ManifestEntries& a, const ManifestEntries& b) {
  const auto equal_entries = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.rev == y.second.rev && x.second.digest == y.second.digest &&
           x.second.base == y.second.base;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal_entries);
}

bool same(const Manifest& a, const Manifest& b) {
  return a.vault == b.vault && a.generation == b.generation && a.epoch == b.epoch && same(a.audit, b.audit) &&
         same(a.entries, b.entries);
}

// Listed by a head, the page gives all that it lists: as missing, since no row is there.
void check_page(const ManifestEntries& records, const SubKey& key, SystemRng& rng) {
  Manifest manifest;
  manifest.vault = kVault;
  const Bytes again = seal_page(kPage, manifest, records, {}, key, rng);
  const Envelope envelope = *parse_envelope(again);
  ManifestEntries listed;
  if (!open_page(envelope, key, listed) || !same(listed, records)) __builtin_trap();
  const std::string row = page_row_key(kPage);
  manifest.entries.emplace(row, manifest_entry(envelope.header, again));
  const auto none = [](const std::string&, const Envelope&) { __builtin_trap(); };
  Findings findings;
  compare(manifest, {{row, again}}, key, none, findings);
  if (findings.size() != records.size()) __builtin_trap();
  if (manifest.entries.size() != records.size() + 1 || !manifest.unread_pages.empty()) __builtin_trap();
}

void check(Manifest manifest, const SubKey& key, SystemRng& rng) {
  const auto again = open_manifest(seal_manifest(manifest, manifest.entries, {}, key, rng), kVault, key);
  if (!again || !same(manifest, *again)) __builtin_trap();
  // Of rows that are not there every one is missing.
  Findings findings;
  compare(
      manifest, {}, key, [](const std::string&, const Envelope&) { __builtin_trap(); }, findings);
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
    if (auto manifest = open_manifest(sealed, kVault, key)) check(*std::move(manifest), key, rng);
  }
  const Header page{.purpose = Purpose::page, .vault = std::string(kVault), .id = std::string(1, kPage)};
  const Bytes sealed = seal_envelope(page, Body{std::string(as_text(input)), {}}, key.reveal(), rng);
  ManifestEntries records;
  if (open_page(*parse_envelope(sealed), key, records)) {
    check_page(records, key, rng);
  } else if (!records.empty()) {
    __builtin_trap();
  }
  return 0;
}

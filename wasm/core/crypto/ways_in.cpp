#include "crypto/ways_in.h"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace keyhold {

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kCheckBytes = 4;
constexpr std::size_t kSymbols = (kRecoveryBytes + kCheckBytes) * 8 / 5;
constexpr std::size_t kGroup = 4;
static_assert(kSymbols * 5 == (kRecoveryBytes + kCheckBytes) * 8);
static_assert(kSymbols + kSymbols / kGroup - 1 == kRecoveryTextBytes);

// BLAKE2b-256 keyed with the secret, of "keyhold/1/<way>" | vault | slot, each part ended by a NUL.
SlotKey labelled_key(const SecretBytes& secret, std::string_view way, std::string_view vault, std::string_view slot) {
  Bytes label = to_bytes(as_bytes("keyhold/1/"));
  for (const std::string_view part : {way, vault, slot}) {
    append(label, as_bytes(part));
    label.push_back(0);
  }
  SecretBytes key(kKeyBytes);
  // REVEAL: the secret's one use is to make this key.
  crypto_generichash(key.fill().data(), key.size(), label.data(), label.size(), secret.reveal().data(), secret.size());
  return SlotKey::from(std::move(key)).value();
}

// The first bits of an unkeyed digest: for typing mistakes, not for strength.
void write_check(std::span<std::uint8_t> code) {
  std::array<std::uint8_t, crypto_generichash_BYTES> digest{};
  crypto_generichash(digest.data(), digest.size(), code.data(), kRecoveryBytes, nullptr, 0);
  std::copy_n(digest.begin(), kCheckBytes, code.begin() + kRecoveryBytes);
  wipe(digest);
}

// -1: a character between groups; -2: none of a code.
int symbol_value(std::uint8_t c) {
  if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n') return -1;
  if (c >= 'a' && c <= 'z') c = static_cast<std::uint8_t>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const std::size_t at = kAlphabet.find(static_cast<char>(c));
  return at == std::string_view::npos ? -2 : static_cast<int>(at);
}

// The symbols in what was typed; nothing if there are more than fit or one is none.
std::size_t read_symbols(const SecretBytes& typed, std::span<std::uint8_t> into) {
  std::size_t count = 0;
  // REVEAL: what was typed, read character by character.
  for (const std::uint8_t c : typed.reveal()) {
    const int value = symbol_value(c);
    if (value == -1) continue;
    if (value < 0 || count == into.size()) return 0;
    into[count++] = static_cast<std::uint8_t>(value);
  }
  return count;
}

}  // namespace

Result<SlotKey> passkey_slot_key(const SecretBytes& prf, std::string_view vault, std::string_view slot) {
  // REVEAL: looked at for the all-zero answers of broken authenticators.
  const ByteView bytes = prf.reveal();
  if (bytes.size() != kPrfBytes) return Errc::ERR_PASSKEY_PRF;
  if (sodium_is_zero(bytes.data(), kPrfBytes / 2) != 0 || sodium_is_zero(&bytes[kPrfBytes / 2], kPrfBytes / 2) != 0) {
    return Errc::ERR_PASSKEY_PRF;
  }
  return labelled_key(prf, "passkey", vault, slot);
}

RecoveryCode RecoveryCode::make(Rng& rng) {
  SecretBytes bytes(kRecoveryBytes);
  rng.fill(bytes.fill());
  return RecoveryCode(std::move(bytes));
}

Result<RecoveryCode> RecoveryCode::parse(const SecretBytes& typed) {
  SecretBytes symbols(kSymbols);
  if (read_symbols(typed, symbols.fill()) != kSymbols) return Errc::ERR_RECOVERY_CODE;
  SecretBytes code(kRecoveryBytes + kCheckBytes);
  std::size_t bit = 0;
  // REVEAL: five bits of each symbol become the code's bytes.
  for (const std::uint8_t symbol : symbols.reveal()) {
    for (int i = 4; i >= 0; --i, ++bit) {
      if ((symbol >> i & 1) != 0) code.fill()[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
  }
  SecretBytes checked = SecretBytes::copy_of(code.reveal());
  write_check(checked.fill());
  if (sodium_memcmp(checked.reveal().data(), code.reveal().data(), code.size()) != 0) return Errc::ERR_RECOVERY_CODE;
  return RecoveryCode(SecretBytes::copy_of(code.reveal().first(kRecoveryBytes)));
}

SecretBytes RecoveryCode::symbols() const {
  SecretBytes code(kRecoveryBytes + kCheckBytes);
  // REVEAL: shown to the person once, or compared with what they typed.
  std::copy_n(bytes_.reveal().begin(), kRecoveryBytes, code.fill().begin());
  write_check(code.fill());
  SecretBytes symbols(kSymbols);
  for (std::size_t bit = 0; bit < code.size() * 8; ++bit) {
    const int set = code.reveal()[bit / 8] >> (7 - bit % 8) & 1;
    std::uint8_t& symbol = symbols.fill()[bit / 5];
    symbol = static_cast<std::uint8_t>(symbol << 1 | set);
  }
  for (std::uint8_t& symbol : symbols.fill()) symbol = static_cast<std::uint8_t>(kAlphabet[symbol]);
  return symbols;
}

SecretBytes RecoveryCode::text() const {
  const SecretBytes all = symbols();
  SecretBytes text(kRecoveryTextBytes);
  auto out = text.fill().begin();
  for (std::size_t i = 0; i < kSymbols; ++i) {
    if (i != 0 && i % kGroup == 0) *out++ = '-';
    *out++ = all.reveal()[i];
  }
  return text;
}

bool RecoveryCode::ends_with(const SecretBytes& typed) const {
  std::array<std::uint8_t, kRecoveryProofSymbols> end{};
  if (read_symbols(typed, end) != end.size()) return false;
  const SecretBytes all = symbols();
  const ByteView last = all.reveal().last(end.size());
  const bool same = std::equal(end.begin(), end.end(), last.begin(), [](std::uint8_t value, std::uint8_t symbol) {
    return static_cast<std::uint8_t>(kAlphabet[value]) == symbol;
  });
  wipe(end);
  return same;
}

SlotKey RecoveryCode::slot_key(std::string_view vault, std::string_view slot) const {
  return labelled_key(bytes_, "recovery", vault, slot);
}

}  // namespace keyhold

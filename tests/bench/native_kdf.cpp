// native_kdf: libsodium's Argon2id on this machine, one derivation at 64 MiB, t = 3 for every line read.
// Prints the milliseconds each took, and at the start the library's version.
#include <sodium.h>

#include <array>
#include <chrono>
#include <iostream>
#include <string>

int main() {
  if (sodium_init() < 0) return 1;
  std::cout << sodium_version_string() << std::endl;
  constexpr std::size_t kMemory = std::size_t{64} << 20;
  constexpr std::string_view kPassphrase = "correct horse battery staple";
  const std::array<unsigned char, crypto_pwhash_argon2id_SALTBYTES> salt{};
  std::array<unsigned char, 32> key{};
  for (std::string line; std::getline(std::cin, line);) {
    const auto started = std::chrono::steady_clock::now();
    if (crypto_pwhash_argon2id(key.data(), key.size(), kPassphrase.data(), kPassphrase.size(), salt.data(), 3, kMemory,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
      return 1;
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
    std::cout << took.count() << std::endl;
  }
}

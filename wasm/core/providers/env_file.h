// env_file: which API keys are in a .env file, or in whatever else somebody has them listed in. A provider is known by the
// variable's name, else by how its keys begin.
#pragma once

#include <vector>

#include "base/secret.h"
#include "providers/catalogue.h"

namespace keyhold {

inline constexpr std::size_t kMaxEnvBytes = 256 << 10;
inline constexpr std::size_t kMaxEnvKeys = 256;

struct EnvFile {
  struct Key {
    ProviderRef provider;
    std::string name;  // of the variable
    SecretBytes secret;
  };
  std::vector<Key> keys;
  std::vector<std::int64_t> skipped;  // lines, from 1, that hold something, but no key that was recognised
};

/// ERR_TOO_LARGE, ERR_TOO_MANY.
Result<EnvFile> read_env_file(const Catalogue& catalogue, const SecretBytes& text);

}  // namespace keyhold

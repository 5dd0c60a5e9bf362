// Feeds texts to what looks at a paste: whatever it is, only whole keys come out, and what is called a key is one.
#include <cstddef>
#include <cstdint>

#include "providers/env_file.h"
#include "providers/key_format.h"
#include "providers/pasted.h"

using namespace keyhold;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalogue catalogue = Catalogue::builtin().value();
  const SecretBytes text = SecretBytes::copy_of({data, size});
  const auto key = clean_key(text);
  for (const ProviderRef& provider : catalogue.all()) {
    const Pasted pasted = look_at(catalogue, provider.get(), text);
    if (pasted.kind == Pasted::Kind::key && size <= kMaxPastedBytes && !key) __builtin_trap();
    if (pasted.better && pasted.better->id == provider->id) __builtin_trap();
  }
  const auto file = read_env_file(catalogue, text);
  if (!file) return 0;
  if (file->keys.size() > kMaxEnvKeys) __builtin_trap();
  for (const EnvFile::Key& one : file->keys) {
    // REVEAL: made up by the fuzzer.
    if (!one.provider || one.name.empty() || !is_key(as_text(one.secret.reveal()))) __builtin_trap();
  }
  return 0;
}

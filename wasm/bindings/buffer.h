// buffer: bytes in the WASM heap that JavaScript writes a secret into; wiped when deleted.
#pragma once

#include <emscripten/val.h>

#include "base/secret.h"

namespace keyhold::bindings {

class Buffer {
 public:
  explicit Buffer(unsigned size) : bytes_(size) {}
  /// The heap can move: to be taken anew after any other call.
  emscripten::val view() { return emscripten::val(emscripten::typed_memory_view(bytes_.size(), bytes_.fill().data())); }
  const SecretBytes& bytes() const noexcept { return bytes_; }

 private:
  SecretBytes bytes_;
};

}  // namespace keyhold::bindings

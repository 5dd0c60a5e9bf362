// reflection: does an answer contain the key it was asked with? Watches a stream for the exact secret: raw,
// JSON-escaped, percent-encoded, base64 (both alphabets, any alignment), across chunks. Other encodings are not found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace keyhold {

/// One answer's watch. Memory: 8 KB and some 50 times the key, wiped at the end.
class ReflectionScanner {
 public:
  /// An empty secret (a call without a key) lets everything pass.
  explicit ReflectionScanner(const SecretBytes& secret);

  /// Bytes that may be passed on: everything but a tail that could be the beginning of the secret. The view is valid
  /// until the next call and as long as `chunk` is. ERR_KEY_REFLECTED on a find, and from then on always.
  Result<ByteView> feed(ByteView chunk);
  /// The answer is complete: the bytes held back. ERR_KEY_REFLECTED after a find.
  Result<ByteView> finish();

  /// Is the secret within these bytes alone? Does not touch the stream.
  bool occurs_in(ByteView bytes) const noexcept;

 private:
  struct Span {
    std::size_t offset;
    std::size_t size;
  };
  ByteView pattern(const Span& span) const noexcept;
  void add_pattern(ByteView pattern);
  void build_shifts();
  std::size_t held_back(ByteView bytes) const noexcept;

  SecretBytes patterns_;  // one after the other
  std::size_t used_ = 0;
  std::vector<Span> spans_;
  SecretBytes shifts_;        // by hash of two bytes: how far the window may move
  SecretBytes begins_;        // by the same hash: may a pattern begin so?
  std::size_t shortest_ = 0;  // also the window's width
  std::size_t longest_ = 0;
  SecretBytes held_;    // tail of what came, not passed on yet
  SecretBytes joined_;  // what feed() gave out last, when it could not be a view of the chunk
  bool found_ = false;
};

}  // namespace keyhold

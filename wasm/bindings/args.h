// args: what JavaScript asked with, read as C++ values by their place.
#pragma once

#include "convert.h"
#include "held.h"

namespace keyhold::bindings {

class Args {
 public:
  Args(val array, Held<SecretBytes>& buffers) : array_(std::move(array)), buffers_(buffers) {}

  val value(int at) const { return array_[at]; }
  std::string text(int at) const { return value(at).as<std::string>(); }
  /// Milliseconds, counts, numbers of things held: 0 for what is not a whole number from 0.
  std::int64_t whole(int at) const { return whole_from(value(at)); }
  Bytes bytes(int at) const { return from_uint8array(value(at)); }
  std::string text_or_none(int at) const { return value(at).isNull() ? std::string() : text(at); }
  /// Where the number is no buffer's: empty, which every use of a secret refuses, and noted.
  SecretBytes& secret(int at) { return held_secret(value(at)); }
  SecretBytes& held_secret(const val& number);
  bool sound() const noexcept { return sound_; }

 private:
  val array_;
  Held<SecretBytes>& buffers_;
  SecretBytes none_;
  bool sound_ = true;
};

/// The first five arguments of what starts a caller's own request: url, method, headers, body as far as it is seen, origin.
struct AskedFetch {
  std::string url;
  std::string method;
  Headers headers;
  Bytes begin;
  Bytes end;
  CallerBody body;  // looks into the two: a moved vector keeps its bytes where they are
  std::string origin;
};
Result<AskedFetch> asked_from(Args& args);

}  // namespace keyhold::bindings

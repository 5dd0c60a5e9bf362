// key_set: which keys a token may be verified with, and which of them one token asks for.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "server/token/jwk.h"

namespace keyhold::server {

/// Of all keys in a document, usable or not.
inline constexpr std::size_t kMaxKeys = 64;

/// Where a set came from: its file is the operator's, what a URL answers is readable for everybody.
enum class KeySource { file, url };

/// One to kMaxKeys keys, of which no two have both the same key id and the same algorithm. Move-only, only read.
class KeySet {
 public:
  /// A JWKS document, `{"keys":[...]}`, of at most kMaxKeyDocumentBytes. Keys of kinds that are not ours (another kty,
  /// crv, use, alg or size) are left out, as RFC 7517 section 5 says; `no_usable_key` if that leaves none. Whatever
  /// else is wrong with one key is wrong with the set: it is private, broken, or a secret that came from a URL.
  static Outcome<KeySet, KeyProblem> parse(std::string_view jwks, KeySource source);
  /// These keys. `no_usable_key`, `too_many`, or `ambiguous`.
  static Outcome<KeySet, KeyProblem> of(std::vector<VerifyKey> keys);
  static KeySet of(VerifyKey key);

  std::size_t size() const noexcept { return keys_.size(); }
  /// Keys of the document that were left out.
  std::size_t left_out() const noexcept { return left_out_; }

  /// The one key of this id and algorithm. Without an id: the only key of the algorithm, whatever its id is; null if
  /// there are several, for then the token has to say which. Valid as long as the set.
  const VerifyKey* find(Algorithm algorithm, std::optional<std::string_view> key_id) const noexcept;
  bool has_key_id(std::string_view key_id) const noexcept;
  bool has_algorithm(Algorithm algorithm) const noexcept;

 private:
  KeySet(std::vector<VerifyKey> keys, std::size_t left_out) : keys_(std::move(keys)), left_out_(left_out) {}

  std::vector<VerifyKey> keys_;
  std::size_t left_out_;
};

}  // namespace keyhold::server

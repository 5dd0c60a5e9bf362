// token: whose is this bearer token that the app's own backend made (RFC 7519 in the compact form of RFC 7515)?
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "server/token/claims.h"
#include "server/token/key_set.h"
#include "server/token/outcome.h"
#include "server/token/token_problem.h"

namespace keyhold::server {

inline constexpr std::size_t kMaxTokenBytes = std::size_t{8} << 10;
/// Of the issuer and of the audience that are asked for.
inline constexpr std::size_t kMaxRuleBytes = 512;

/// Never changes, so any number of threads may verify with one at once. When the keys change, make another.
class TokenVerifier {
 public:
  /// ERR_BAD_INPUT without keys, or if the audience or an issuer is empty or over kMaxRuleBytes.
  static Result<TokenVerifier> make(TokenRules rules, std::shared_ptr<const KeySet> keys);

  /// `compact` is the token alone, without "Bearer ". The key is chosen by the header's `kid` and `alg` among those
  /// known here, and its type decides the algorithm. Nothing in the header can bring a key or change what is signed.
  Outcome<TokenUser, TokenProblem> verify(std::string_view compact, UnixMs now) const;

 private:
  TokenVerifier(TokenRules rules, std::shared_ptr<const KeySet> keys)
      : rules_(std::move(rules)), keys_(std::move(keys)) {}

  TokenRules rules_;
  std::shared_ptr<const KeySet> keys_;
};

}  // namespace keyhold::server

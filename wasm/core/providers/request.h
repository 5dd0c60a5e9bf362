// request: what goes out for a request that a caller wants made. The secret is not in it until auth_value().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "providers/catalogue.h"
#include "providers/provider.h"
#include "providers/reflection.h"

namespace keyhold {

inline constexpr std::size_t kMaxHeaders = 64;
inline constexpr std::size_t kMaxHeaderName = 128;
inline constexpr std::size_t kMaxHeaderValue = 8192;
inline constexpr std::size_t kMaxBodyBytes = 32 << 20;
inline constexpr std::size_t kMaxBodyValues = 1 << 20;
inline constexpr std::uint64_t kMaxUploadBytes = 512 << 20;  // of what passes unread

/// A body a caller wants sent, as far as it is seen here.
struct CallerBody {
  std::uint64_t size = 0;
  /// All of it, or its first bytes.
  ByteView begin{};
  /// Its last bytes; nothing where `begin` is all of it.
  ByteView end{};

  static CallerBody whole(ByteView bytes) { return {bytes.size(), bytes, {}}; }
};

/// A request that may be sent as it is, but for the credential.
struct Outgoing {
  Method method;
  std::string url;
  Headers headers;  // without the credential
  std::optional<std::string> body;
  /// The model that is asked, as far as the request says; "" otherwise.
  std::string model{};
  /// The caller did not ask for usage, so the answer is to look as if nobody had.
  bool usage_injected = false;
  /// The caller's own body goes out, byte for byte.
  bool passes_body = false;
};

/// The caller's request, made safe: headers reduced to those the provider's profile lists (credentials, cookies and
/// SDK telemetry are in no profile), a JSON body parsed strictly and written anew, asking for usage where that must be
/// asked for. Where the call takes it, a form or the bytes of a file pass as they are. `match` is what the catalogue said
/// of `url`. ERR_BAD_REQUEST for header text that could split a request, too many or too long headers, an encoded body, a
/// body with GET, one that is not what its type says, or another content type; ERR_BAD_JSON; ERR_TOO_LARGE.
Result<Outgoing> caller_request(const Match& match, const TargetUrl& url, const Headers& headers,
                                const CallerBody& body);

/// The value of the header `provider.auth.header`.
SecretBytes auth_value(const Provider& provider, const SecretBytes& key);

/// The headers of an answer that a caller may see: an allow-list, never cookies. `watch` may be null (no key was sent).
/// ERR_KEY_REFLECTED if one of them contains the key.
Result<Headers> caller_headers(const Headers& received, const ReflectionScanner* watch);

}  // namespace keyhold

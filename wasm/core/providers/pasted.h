// pasted: what is it that somebody put into the field for a key? For hints only: nothing is refused because of it.
#pragma once

#include "base/secret.h"
#include "providers/catalogue.h"

namespace keyhold {

/// Keys that providers make today are longer; what people think up is shorter.
inline constexpr std::size_t kUsualKeyBytes = 20;

struct Pasted {
  enum class Kind {
    nothing,
    key,
    address,  // of a web page
    mail,     // an e-mail address
    words,    // with spaces between them
    brief,    // one word, too short for most keys: a password?
    odd,      // characters that no key has, or far too many
  };
  Kind kind = Kind::nothing;
  /// Whose key it looks like, if it does not look like one of the provider chosen; null.
  ProviderRef better;
  /// It manages accounts and calls no models.
  bool admin = false;
};
/// "nothing", "key", "address", "mail", "words", "brief", "odd".
std::string_view name(Pasted::Kind kind) noexcept;

/// `chosen`: the provider it is to be a key of; null: none yet.
Pasted look_at(const Catalogue& catalogue, const Provider* chosen, const SecretBytes& text);

}  // namespace keyhold

// error_meaning: what an error that a provider reports means, where no rule of its own in the catalogue says so.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/json.h"

namespace keyhold {

/// For a status of 400 and above.
Errc meaning_of_status(int status) noexcept;
/// From the words that providers use in {"error":{"type","code","status"}} and its variants; nothing if none is known.
std::optional<Errc> meaning_of_words(JsonRef body);
/// Of an error that came in the middle of an answer: its words, else the status it carries, else ERR_PROVIDER_REFUSED.
Errc meaning_of_error(JsonRef body);

}  // namespace keyhold

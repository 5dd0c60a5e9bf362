// retry_hint: how long a provider asks to wait, from a header or, where a page cannot see headers, from the body.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"

namespace keyhold {

/// Of the header `retry-after`: seconds, rounded up. Nothing if it is a date, or no number.
std::optional<int> retry_after(std::string_view header);
/// Of an error's body: Gemini's RetryInfo.retryDelay, or "try again in 1m2.3s" in the message. Seconds, rounded up.
std::optional<int> retry_hint(JsonRef body);

}  // namespace keyhold

// retry_hint: how long a provider asks to wait, from a header or, where a page cannot see headers, from the body.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "providers/provider.h"

namespace keyhold {

/// "7", "0.5", "120ms", "1m2.3s": seconds, rounded up. Nothing if it is a date, or anything else.
std::optional<int> retry_after(std::string_view text);
/// Of an answer's headers: `retry-after`, else when what is used up will be there again; "" if they say neither.
std::string_view wait_asked(const Headers& headers);
/// Of an error's body: Gemini's RetryInfo.retryDelay, or "try again in 1m2.3s" in the message. Seconds, rounded up.
std::optional<int> retry_hint(JsonRef body);

}  // namespace keyhold

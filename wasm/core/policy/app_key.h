// app_key: may a call go by the app's key, which its own server keeps, in place of one of the user's?
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace keyhold {

/// What the user decided for a provider: never; only when they have said so for this call; whenever it helps.
enum class AppKeyUse : std::uint8_t { never, ask, automatic };
/// "never", "ask", "auto"
std::string_view name(AppKeyUse use) noexcept;
/// ERR_BAD_INPUT for any other text.
Result<AppKeyUse> parse_app_key_use(std::string_view text);

/// For a call that there is no key for: by the app's, unless the user decided otherwise. Where there is a key, only if a person
/// has chosen the app's for this very call. `said`: nothing if they never decided. `chosen`: they have, just now, in the
/// vault's own page. ERR_NO_KEY, ERR_ASK_FIRST.
Result<void> may_use_app_key(std::optional<AppKeyUse> said, bool has_key, bool chosen);

}  // namespace keyhold

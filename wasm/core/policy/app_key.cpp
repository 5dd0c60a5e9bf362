#include "policy/app_key.h"

namespace keyhold {

std::string_view name(AppKeyUse use) noexcept {
  switch (use) {
    case AppKeyUse::never: return "never";
    case AppKeyUse::ask: return "ask";
    case AppKeyUse::automatic: break;
  }
  return "auto";
}

Result<AppKeyUse> parse_app_key_use(std::string_view text) {
  for (const AppKeyUse use : {AppKeyUse::never, AppKeyUse::ask, AppKeyUse::automatic}) {
    if (name(use) == text) return use;
  }
  return Errc::ERR_BAD_INPUT;
}

Result<void> may_use_app_key(std::optional<AppKeyUse> said, bool has_key, bool chosen) {
  if (said == AppKeyUse::never) return Errc::ERR_NO_KEY;
  if (chosen) return {};
  // Somebody added a key while this call was on its way: it is to be asked for again, with that one.
  if (has_key) return Errc::ERR_WRONG_STATE;
  return said == AppKeyUse::ask ? Result<void>(Errc::ERR_ASK_FIRST) : Result<void>();
}

}  // namespace keyhold

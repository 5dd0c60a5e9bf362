// session_access: what pages of other origins may do with the keys, as the user decides.
#include "session/access.h"
#include "session/session.h"

namespace keyhold {

Result<Plan> Session::plan_grant(std::string_view origin, const GrantTerms& terms, UnixMs now) {
  if (!is_host_origin(origin)) return Errc::ERR_BAD_INPUT;
  KEYHOLD_CHECK(check_terms(terms, catalogue_, now));
  return vault_.plan_grant(origin, terms, now);
}

bool Session::is_ready(std::string_view provider) const {
  const ProviderRef known = catalogue_.find(provider);
  return known && (known->key_optional || vault_.default_record(provider) != nullptr);
}

}  // namespace keyhold

// access: may a page of another origin make this call, by what the user has allowed it?
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "providers/catalogue.h"
#include "providers/request.h"
#include "vault/grant.h"

namespace keyhold {

/// As browsers write it: "https://app.example", "http://localhost:8080". Of http, only this computer's.
bool is_host_origin(std::string_view origin);
/// ERR_BAD_INPUT for what is no such terms: no provider or one twice, a model that is no pattern, a scope that is none, a
/// cap out of its bounds, an end that is past. ERR_UNKNOWN_PROVIDER.
Result<void> check_terms(const GrantTerms& terms, const Catalogue& catalogue, UnixMs now);
/// All of the providers, models and kinds of call of `wish`; what it may spend and for how long is not compared.
bool covers(const GrantTerms& terms, const GrantTerms& wish);
/// ERR_NOT_GRANTED for what is not in it. Whether it is over has been looked at.
Result<void> check_access(const Grant& grant, const Match& match, const Outgoing& request);

}  // namespace keyhold

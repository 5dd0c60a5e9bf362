// exchange_login: what of an exchange only a login needs, and what in the browser comes with the first of them (wasm/split).
#include <utility>

#include "providers/exchange.h"

namespace keyhold {

ProviderExchange::ProviderExchange(ProviderRef provider, Outgoing outgoing)
    : ProviderExchange(Purpose::login, std::move(provider), std::move(outgoing), SecretBytes(), std::string(),
                       std::nullopt) {
  grant_ = std::make_unique<LoginAnswer>();
}

Result<LoginGrant> ProviderExchange::grant(Login::Style style) const {
  if (!grant_) return Errc::ERR_WRONG_STATE;
  if (succeeded()) return read_grant(style, *grant_);
  // REVEAL: a refusal, which has no key in it.
  return diagnose_login(*provider_, {status_, content_type_, grant_->reveal(), retry_after_});
}

}  // namespace keyhold

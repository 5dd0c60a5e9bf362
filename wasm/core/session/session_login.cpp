// session_login: a key from somebody's login at a provider, straight into the vault.
#include "crypto/pkce.h"
#include "providers/key_format.h"
#include "providers/login.h"
#include "session/sealed_fields.h"
#include "session/session.h"

namespace keyhold {

namespace {

/// "" if the site has none.
std::string_view client_of(const SiteConfig& site, std::string_view provider) {
  for (const auto& [id, client] : site.clients) {
    if (id == provider) return client;
  }
  return {};
}

}  // namespace

bool Session::offers_login(const Provider& provider) const {
  return provider.login &&
         (provider.login->style == Provider::Login::Style::openrouter || !client_of(site_, provider.id).empty());
}

Result<LoginStart> Session::begin_login(std::string_view provider_id, std::string_view callback, UnixMs now) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  const ProviderRef provider = catalogue_.find(provider_id);
  if (!provider) return Errc::ERR_UNKNOWN_PROVIDER;
  if (!offers_login(*provider)) return Errc::ERR_BAD_INPUT;
  const auto url = TargetUrl::parse(callback);
  if (!url || !url->query.empty()) return Errc::ERR_BAD_INPUT;
  const PendingLogin& login = logins_.begin(provider, callback, rng_, now);
  const LoginTerms terms{*provider->login, client_of(site_, provider_id), callback};
  return LoginStart{authorize_url(terms, login.state, challenge_of(login.verifier)), login.state};
}

// A key once made at the provider should find its place: what can be known to fail is known before.
Result<void> Session::can_take(const LoginTarget& target) const {
  if (target.key.empty()) {
    KEYHOLD_CHECK(check_label(target.label));
    return vault_.records().size() < kMaxRecords ? Result<void>() : Errc::ERR_TOO_MANY;
  }
  return vault_.find(target.key) == nullptr ? Result<void>(Errc::ERR_NOT_FOUND) : Result<void>();
}

Result<Exchange> Session::exchange_login(std::string_view login_state, std::string_view code, const LoginTarget& target,
                                         UnixMs now) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  if (!is_login_code(code)) return Errc::ERR_BAD_INPUT;
  KEYHOLD_CHECK(can_take(target));
  KEYHOLD_TRY(PendingLogin login, logins_.take(login_state, now));
  if (const Record* record = vault_.find(target.key); record != nullptr) {
    if (sealed_fields(*login.provider) != record->fields) return Errc::ERR_ENDPOINT_MISMATCH;
  }
  const LoginTerms terms{*login.provider->login, client_of(site_, login.provider->id), login.callback};
  return Exchange(login.provider, exchange_request(terms.login), exchange_body(terms, code, login.verifier));
}

Result<Plan> Session::plan_login(const Exchange& exchange, const LoginTarget& target, UnixMs now) {
  KEYHOLD_TRY(const LoginGrant grant, exchange.grant());
  const auto secret = clean_key(grant.key);
  // As it came or not at all: nobody copied anything along with it.
  if (!secret || secret->size() != grant.key.size()) return Errc::ERR_BAD_ANSWER;
  // REVEAL: only its last characters, for the hint.
  const std::string last = hint(secret->reveal());
  const auto ends_at = grant.lifetime_s ? std::optional(now + *grant.lifetime_s * 1000) : std::nullopt;
  if (!target.key.empty()) return vault_.plan_replace(target.key, last, *secret, now, ends_at);
  return vault_.plan_add(sealed_fields(exchange.provider()), target.label, last, *secret, now, ends_at);
}

}  // namespace keyhold

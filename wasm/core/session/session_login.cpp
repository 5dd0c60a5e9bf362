// session_login: a key from somebody's login at a provider, straight into the vault.
#include "base/json.h"
#include "crypto/pkce.h"
#include "providers/key_format.h"
#include "providers/login.h"
#include "session/sealed_fields.h"
#include "session/session.h"
#include "session/site_config.h"

namespace keyhold {

namespace {

/// "" where none is needed. ERR_BAD_JSON.
Result<std::string> client_of(const SiteConfig& site, const Provider& provider) {
  if (!provider.login_wants_client) return std::string();
  KEYHOLD_TRY(const Json logins, Json::parse(as_bytes(site.logins)));
  KEYHOLD_TRY(const JsonRef entry, logins.root().field(provider.id));
  KEYHOLD_CHECK(entry.only({"clientId"}));
  KEYHOLD_TRY(const JsonRef client, entry.field("clientId"));
  KEYHOLD_TRY(const std::string_view text, client.text(kMaxClientId));
  return text.empty() ? Result<std::string>(Errc::ERR_BAD_JSON) : std::string(text);
}

}  // namespace

bool Session::offers_login(const Provider& provider) const {
  if (provider.login.empty() || !provider.login_wants_client) return !provider.login.empty();
  const auto logins = Json::parse(as_bytes(site_.logins));
  return logins && logins->root().find(provider.id);
}

Result<LoginStart> Session::begin_login(std::string_view provider_id, std::string_view callback, UnixMs now) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  const ProviderRef provider = catalogue_.find(provider_id);
  if (!provider) return Errc::ERR_UNKNOWN_PROVIDER;
  if (!offers_login(*provider)) return Errc::ERR_BAD_INPUT;
  const auto url = TargetUrl::parse(callback);
  if (!url || !url->query.empty()) return Errc::ERR_BAD_INPUT;
  const PendingLogin& login = logins_.begin(provider, callback, rng_, now);
  KEYHOLD_TRY(const Login at, parse_login(provider->login));
  KEYHOLD_TRY(const std::string client, client_of(site_, *provider));
  const LoginTerms terms{at, client, callback};
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
  KEYHOLD_TRY(const Login at, parse_login(login.provider->login));
  KEYHOLD_TRY(const std::string client, client_of(site_, *login.provider));
  return Exchange(login.provider, exchange_request({at, client, login.callback}, code, login.verifier));
}

Result<Plan> Session::plan_login(const Exchange& exchange, const LoginTarget& target, UnixMs now) {
  if (!exchange.login()) return Errc::ERR_WRONG_STATE;
  KEYHOLD_TRY(const Login at, parse_login(exchange.provider().login));
  KEYHOLD_TRY(const LoginGrant grant, exchange.grant(at.style));
  const auto secret = clean_key(grant.key);
  // As it came or not at all: nobody copied anything along with it.
  if (!secret || secret->size() != grant.key.size()) return Errc::ERR_BAD_ANSWER;
  // REVEAL: only its last characters, for the hint.
  const std::string last = hint(secret->reveal());
  const auto ends_at = grant.lifetime_s ? std::optional(now + *grant.lifetime_s * 1000) : std::nullopt;
  if (vault_.find(target.key) != nullptr) return vault_.plan_replace(target.key, last, *secret, now, ends_at);
  // Also when the key it was to replace has been deleted meanwhile: it was made, and shall not be lost.
  const Provider& provider = exchange.provider();
  const std::string_view label = check_label(target.label) ? std::string_view(target.label) : provider.name;
  return vault_.plan_add(sealed_fields(provider), label, last, *secret, now, ends_at);
}

}  // namespace keyhold

#include "session/session.h"

#include "base/json.h"
#include "providers/key_format.h"
#include "providers/own_request.h"
#include "session/access.h"
#include "session/own_endpoint.h"
#include "session/sealed_fields.h"
#include "session/site_config.h"

namespace keyhold {

namespace {

/// The key in what was pasted; empty where the provider needs none and nothing was pasted.
Result<SecretBytes> key_from(const Provider& provider, const SecretBytes& pasted) {
  if (pasted.empty() && provider.key_optional) return SecretBytes();
  return clean_key(pasted);
}

/// Lists of models are free everywhere, and so is counting tokens.
bool costs(const Call& call) {
  return call.call_class != CallClass::models && call.call_class != CallClass::files &&
         call.path.find("count_tokens") == std::string::npos && call.path.find("countTokens") == std::string::npos;
}

}  // namespace

Result<SiteConfig> Session::configure(ByteView config) {
  KEYHOLD_TRY(const Json document, Json::parse(config, {.max_bytes = Catalogue::kMaxBytes}));
  KEYHOLD_TRY(SiteConfig site, parse_site_config(document.root()));
  if (const auto providers = document.root().find("providers")) KEYHOLD_CHECK(catalogue_.add_site(*providers));
  site_ = site;
  return site;
}

// --- the vault -----------------------------------------------------------------------------------------------------

Result<VaultState> Session::load(Rows envelopes, Rows ledger) {
  auto state = vault_.load(std::move(envelopes), std::move(ledger));
  take_over_endpoints();
  return state;
}

SlotKdf Session::make_kdf(KdfParams params) {
  SlotKdf fields{params, {}};
  rng_.fill(fields.salt);
  return fields;
}

Result<void> Session::unlock(const SlotKey& slot_key, UnixMs now, std::int64_t failed_before) {
  KEYHOLD_CHECK(vault_.unlock(slot_key, now, failed_before));
  take_over_endpoints();
  return {};
}

void Session::lock() noexcept {
  vault_.lock();
  import_.reset();
  recovery_.reset();
  passkey_.reset();
  logins_.clear();
  take_over_endpoints();
}

Result<void> Session::commit() {
  KEYHOLD_CHECK(vault_.commit());
  take_over_endpoints();
  return {};
}

// The user's own endpoints are providers while the vault is open. One that a newer catalogue or site config has taken
// over is left out: its key stays sealed to the old address and is refused there.
void Session::take_over_endpoints() {
  static_cast<void>(catalogue_.set_custom({}));  // they must not stand in their own way
  std::vector<Provider> custom;
  for (const CustomEndpoint& endpoint : vault_.settings().endpoints) {
    auto provider = own_provider(endpoint, catalogue_);
    if (provider && catalogue_.admits(*provider)) custom.push_back(*std::move(provider));
  }
  static_cast<void>(catalogue_.set_custom(std::move(custom)));
}

Result<Plan> Session::plan_add(std::string_view provider_id, std::string_view label, const SecretBytes& pasted,
                               UnixMs now) {
  KEYHOLD_TRY(const ProviderRef provider, usable_provider(provider_id));
  KEYHOLD_TRY(const SecretBytes secret, key_from(*provider, pasted));
  // REVEAL: only its last characters, for the hint.
  return vault_.plan_add(sealed_fields(*provider), label, hint(secret.reveal()), secret, now);
}

Result<Plan> Session::plan_replace(std::string_view key, const SecretBytes& pasted, UnixMs now) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  const Record* record = vault_.find(key);
  if (record == nullptr) return Errc::ERR_NOT_FOUND;
  KEYHOLD_TRY(const ProviderRef provider, provider_of(*record));
  KEYHOLD_TRY(const SecretBytes secret, key_from(*provider, pasted));
  // REVEAL: only its last characters, for the hint.
  return vault_.plan_replace(key, hint(secret.reveal()), secret, now);
}

bool Session::permits(const Endpoint& own) const { return site_.custom_endpoints || own.is_loopback(); }

Result<Plan> Session::plan_add_endpoint(std::string_view name, std::string_view base, std::string_view like,
                                        UnixMs now) {
  KEYHOLD_CHECK(check_label(name));
  if (name.size() > kMaxEndpointNameBytes) return Errc::ERR_BAD_INPUT;
  CustomEndpoint endpoint{"own-" + vault_.make_id(), std::string(name), std::string(base), std::string(like)};
  KEYHOLD_TRY(const Provider provider, own_provider(endpoint, catalogue_));
  if (!permits(provider.base)) return Errc::ERR_NOT_PERMITTED_BY_SITE;
  KEYHOLD_CHECK(catalogue_.admits(provider));
  endpoint.base = provider.base.text();
  return vault_.plan_add_endpoint(std::move(endpoint), now);
}

KeyView Session::view_of(const Record& record, bool is_default) const {
  const bool failover = vault_.has_failover(record.fields.provider);
  return {&record, vault_.ledger(record.id), is_default, failover};
}

std::vector<KeyView> Session::keys() const {
  std::vector<KeyView> views;
  std::vector<const Record*> defaults;  // one for each provider met: looked for once, not for every key
  for (const Record* record : vault_.records()) {
    const Record* chosen = nullptr;
    for (const Record* one : defaults) {
      if (one->fields.provider == record->fields.provider) chosen = one;
    }
    if (chosen == nullptr) defaults.push_back(chosen = vault_.default_record(record->fields.provider));
    views.push_back(view_of(*record, chosen == record));
  }
  return views;
}

std::optional<KeyView> Session::key(std::string_view id) const {
  const Record* record = vault_.find(id);
  if (record == nullptr) return std::nullopt;
  return view_of(*record, vault_.default_record(record->fields.provider) == record);
}

// --- calls ---------------------------------------------------------------------------------------------------------

Result<ProviderRef> Session::usable_provider(std::string_view id) const {
  ProviderRef provider = catalogue_.find(id);
  if (!provider || provider->example) return Errc::ERR_UNKNOWN_PROVIDER;
  if (!provider->usable()) return Errc::ERR_NO_CORS;
  return provider;
}

// The provider a record was made for, if it still is where the record is sealed to.
Result<ProviderRef> Session::provider_of(const Record& record) const {
  ProviderRef provider = catalogue_.find(record.fields.provider);
  if (!provider) return Errc::ERR_UNKNOWN_PROVIDER;
  if (sealed_fields(*provider) != record.fields) return Errc::ERR_ENDPOINT_MISMATCH;
  return provider;
}

Result<Session::Opened> Session::open_key(std::string_view key) const {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  const Record* record = vault_.find(key);
  if (record == nullptr) return Errc::ERR_NOT_FOUND;
  KEYHOLD_TRY(ProviderRef provider, provider_of(*record));
  KEYHOLD_TRY(SecretBytes secret, vault_.open_secret(key, provider->base.text()));
  return Opened{std::move(provider), std::move(secret)};
}

Result<Exchange> Session::check(ProviderRef provider, const SecretBytes& secret, std::string key_id, UnixMs now) {
  KEYHOLD_CHECK(throttle_.admit(provider->id, now));
  Outgoing outgoing = check_request(*provider);
  return Exchange(Exchange::Purpose::check, std::move(provider), std::move(outgoing), secret, std::move(key_id),
                  std::nullopt);
}

Result<Exchange> Session::check_new(std::string_view provider_id, const SecretBytes& pasted, UnixMs now) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  KEYHOLD_TRY(ProviderRef provider, usable_provider(provider_id));
  KEYHOLD_TRY(const SecretBytes secret, key_from(*provider, pasted));
  return check(std::move(provider), secret, "", now);
}

Result<Exchange> Session::check_replacement(std::string_view key, const SecretBytes& pasted, UnixMs now) {
  KEYHOLD_TRY(Opened opened, open_key(key));
  KEYHOLD_TRY(const SecretBytes secret, key_from(*opened.provider, pasted));
  return check(std::move(opened.provider), secret, "", now);
}

Result<Exchange> Session::check_stored(std::string_view key, UnixMs now) {
  KEYHOLD_TRY(Opened opened, open_key(key));
  return check(std::move(opened.provider), opened.secret, std::string(key), now);
}

Result<Exchange> Session::models(std::string_view key, UnixMs now) {
  KEYHOLD_TRY(Opened opened, open_key(key));
  vault_.note_used(key, now);
  const Wire wire = opened.provider->wire;
  Outgoing outgoing = models_request(*opened.provider);
  return Exchange(Exchange::Purpose::models, std::move(opened.provider), std::move(outgoing), opened.secret,
                  std::string(key), wire);
}

Result<Exchange> Session::chat(std::string_view key, std::string_view model, std::span<const ChatMessage> messages,
                               std::int64_t max_tokens, UnixMs now) {
  KEYHOLD_TRY(Opened opened, open_key(key));
  KEYHOLD_TRY(Outgoing outgoing, chat_request(*opened.provider, model, messages, max_tokens));
  vault_.note_used(key, now);
  const Wire wire = opened.provider->wire;
  Exchange call(Exchange::Purpose::chat, std::move(opened.provider), std::move(outgoing), opened.secret,
                std::string(key), wire);
  call.count(std::string(model));
  return call;
}

Result<Exchange> Session::fetch(std::string_view url, std::string_view method_text, const Headers& headers,
                                const CallerBody& body, std::string_view key, UnixMs now, bool app_offered) {
  return pass(nullptr, url, method_text, headers, body, key, now, app_offered);
}

Result<Exchange> Session::fetch_for(std::string_view origin, std::string_view url, std::string_view method_text,
                                    const Headers& headers, const CallerBody& body, UnixMs now, bool app_offered) {
  // The same whether there is a vault, it is locked, or this page has no grant: before one it learns nothing.
  const Grant* grant = grant_to(origin, now);
  return grant == nullptr ? Errc::ERR_NEEDS_USER : pass(grant, url, method_text, headers, body, "", now, app_offered);
}

const Grant* Session::grant_to(std::string_view origin, UnixMs now) const {
  const Grant* grant = vault_.grant_to(origin);
  return grant == nullptr || grant->is_over(now) ? nullptr : grant;
}

Result<Exchange> Session::pass(const Grant* grant, std::string_view url, std::string_view method_text,
                               const Headers& headers, const CallerBody& body, std::string_view key, UnixMs now,
                               bool app_offered) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  KEYHOLD_TRY(const Method method, parse_method(method_text));
  KEYHOLD_TRY(const TargetUrl target, TargetUrl::parse(url));
  KEYHOLD_TRY(const Match match, catalogue_.match(method, target));
  KEYHOLD_TRY(Outgoing outgoing, caller_request(match, target, headers, body));
  // Before anything is said of keys.
  if (grant != nullptr) KEYHOLD_CHECK(check_access(*grant, match, outgoing));
  const Record* record = key.empty() ? vault_.default_record(match.provider->id) : vault_.find(key);
  if (record == nullptr && !key.empty()) return Errc::ERR_NOT_FOUND;
  if (record == nullptr && !match.provider->key_optional) return Errc::ERR_NO_KEY;
  SecretBytes secret;
  if (record != nullptr) {
    if (record->fields.provider != match.provider->id) return Errc::ERR_ENDPOINT_MISMATCH;
    KEYHOLD_TRY(Opened opened, open_key(record->id));
    secret = std::move(opened.secret);
  }
  std::string id = record == nullptr ? std::string() : record->id;
  vault_.note_used(id, now);
  Exchange call(Exchange::Purpose::pass, match.provider, std::move(outgoing), secret, std::move(id), match.call->wire);
  if (costs(*match.call)) call.count(match.model);
  if (grant != nullptr) call.under(grant->id);
  // The app pays for answers, and for nothing else; its server knows what is below the provider's base.
  const bool below = call.request().url.starts_with(match.provider->base.text());
  call.may_be_relayed(app_offered && below && match.call->call_class == CallClass::infer);
  // Who names a key means that one.
  if (key.empty()) call.spare(app_key_stands_in(call) || next_key(call, now) != nullptr);
  return call;
}

bool Session::app_key_stands_in(const Exchange& call) const {
  return call.relayable() && app_key_stands_in(call.provider().id);
}

bool Session::app_key_stands_in(std::string_view provider) const {
  const auto& uses = vault_.settings().app_keys;
  const auto found = uses.find(provider);
  return found != uses.end() && found->second == name(AppKeyUse::automatic);
}

// Whose turn it is after this call's key, in the user's order: one that is not over, and still sealed to the same address.
const Record* Session::next_key(const Exchange& call, UnixMs now) const {
  const Provider& provider = call.provider();
  if (!vault_.has_failover(provider.id) || call.tries() >= kMaxTries) return nullptr;
  for (const Record* record : vault_.records()) {
    const bool over = record->expires_at && *record->expires_at <= now;
    if (record->fields == sealed_fields(provider) && !over && !call.tried(record->id)) return record;
  }
  return nullptr;
}

Result<Exchange> Session::again(Exchange& refused, UnixMs now, std::string_view server) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  if (!refused.moves_on()) return Errc::ERR_WRONG_STATE;
  const Record* record = next_key(refused, now);
  if (record == nullptr) return by_app(refused, server);
  KEYHOLD_TRY(const Opened opened, open_key(record->id));
  vault_.note_used(record->id, now);
  Exchange next = refused.again(opened.secret, record->id);
  next.spare((!server.empty() && app_key_stands_in(next)) || next_key(next, now) != nullptr);
  return next;
}

}  // namespace keyhold

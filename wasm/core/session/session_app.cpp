// session_app: calls with the app's key: when they may be made, and by way of which server.
#include "base/json.h"
#include "providers/own_request.h"
#include "providers/relayed.h"
#include "session/access.h"
#include "session/session.h"

namespace keyhold {

namespace {

/// Nothing of the vault's is in it: the token comes last.
Result<Exchange> call_by_app(const Endpoint& server, Exchange::Purpose purpose, const Provider& provider,
                             const Outgoing& asked, std::optional<Wire> wire, std::string model) {
  KEYHOLD_TRY(ProviderRef by, relayed(provider, server));
  KEYHOLD_TRY(Outgoing outgoing, to_relayed(asked, provider, *by));
  Exchange call(purpose, std::move(by), std::move(outgoing), {}, {}, wire);
  call.go_by_app();
  call.count(std::move(model));
  return call;
}

}  // namespace

Result<Endpoint> Session::server() const {
  if (site_.server.empty()) return Errc::ERR_NOT_PERMITTED_BY_SITE;
  KEYHOLD_TRY(const Json config, Json::parse(as_bytes(site_.server)));
  KEYHOLD_CHECK(config.root().only({"url", "tokenUrl"}));
  KEYHOLD_TRY(const JsonRef url, config.root().field("url"));
  KEYHOLD_TRY(const std::string_view text, url.text(Endpoint::kMaxLength));
  return Endpoint::parse(text);
}

Result<Endpoint> Session::server_of(std::string_view meant) const {
  KEYHOLD_TRY(Endpoint server, this->server());
  const auto same = Endpoint::parse(meant);
  if (!same || !(*same == server)) return Errc::ERR_NOT_PERMITTED_BY_SITE;
  return server;
}

std::optional<AppKeyUse> Session::app_key_use(std::string_view provider) const {
  const auto& uses = vault_.settings().app_keys;
  const auto found = uses.find(provider);
  if (found == uses.end()) return std::nullopt;
  const auto use = parse_app_key_use(found->second);
  // A later version's word for something: it was a decision, and the careful one is to ask.
  return use ? *use : AppKeyUse::ask;
}

Result<Plan> Session::plan_app_key_use(std::string_view provider, AppKeyUse use, UnixMs now) {
  if (!catalogue_.find(provider)) return Errc::ERR_UNKNOWN_PROVIDER;
  return vault_.plan_app_key_use(provider, name(use), now);
}

Result<Exchange> Session::fetch_by_app(const AppOffer& offer, std::string_view origin, std::string_view url,
                                       std::string_view method_text, const Headers& headers, const CallerBody& body,
                                       UnixMs now) {
  KEYHOLD_TRY(const Endpoint server, server_of(offer.server));
  const bool own = origin.empty();
  const Grant* grant = own ? nullptr : grant_to(origin, now);
  if (own && state() == VaultState::locked) return Errc::ERR_LOCKED;
  if (!own && grant == nullptr && !offer.newcomer) return Errc::ERR_NEEDS_USER;
  KEYHOLD_TRY(const Method method, parse_method(method_text));
  KEYHOLD_TRY(const TargetUrl target, TargetUrl::parse(url));
  KEYHOLD_TRY(const Match match, catalogue_.match(method, target));
  KEYHOLD_TRY(const Outgoing asked, caller_request(match, target, headers, body));
  if (grant != nullptr) KEYHOLD_CHECK(check_access(*grant, match, asked));
  // An address of the user's own is none of the app's.
  if (match.provider->kind == ProviderKind::custom) return Errc::ERR_NO_KEY;
  // The app pays for answers, and for nothing else.
  if (match.call->call_class != CallClass::infer) return Errc::ERR_NO_KEY;
  const std::string& id = match.provider->id;
  // To a page that nobody has allowed anything it is as if there were no vault, whether there is one or not.
  if (own || grant != nullptr) {
    const bool has_key = vault_.default_record(id) != nullptr;
    KEYHOLD_CHECK(may_use_app_key(app_key_use(id), has_key, own && offer.chosen));
  }
  return call_by_app(server, Exchange::Purpose::pass, *match.provider, asked, match.call->wire, match.model);
}

Result<Exchange> Session::chat_by_app(const AppOffer& offer, std::string_view provider_id, std::string_view model,
                                      std::span<const ChatMessage> messages, std::int64_t max_tokens) {
  KEYHOLD_TRY(const Endpoint server, server_of(offer.server));
  if (state() == VaultState::locked) return Errc::ERR_LOCKED;
  KEYHOLD_TRY(const ProviderRef provider, usable_provider(provider_id));
  const bool has_key = vault_.default_record(provider->id) != nullptr;
  KEYHOLD_CHECK(may_use_app_key(app_key_use(provider->id), has_key, offer.chosen));
  KEYHOLD_TRY(const Outgoing asked, chat_request(*provider, model, messages, max_tokens));
  return call_by_app(server, Exchange::Purpose::chat, *provider, asked, provider->wire, std::string(model));
}

// The user's own key is out of quota or credit, and they decided that the app's may go on.
Result<Exchange> Session::by_app(Exchange& refused, std::string_view meant) const {
  if (!app_key_stands_in(refused)) return Errc::ERR_WRONG_STATE;
  KEYHOLD_TRY(const Endpoint server, server_of(meant));
  KEYHOLD_TRY(ProviderRef by, relayed(refused.provider(), server));
  KEYHOLD_TRY(Outgoing outgoing, to_relayed(refused.request(), refused.provider(), *by));
  return refused.again_by_app(std::move(by), std::move(outgoing));
}

}  // namespace keyhold

#include "server/relay/admission.h"

#include <algorithm>

#include "base/json.h"
#include "providers/exchange_price.h"
#include "providers/output_limit.h"
#include "server/keys/markup.h"

namespace keyhold::server {

namespace {

Problem refused(ProblemType type, Errc code) { return {.type = type, .code = name(code)}; }

/// The body with the plan's bound on the answer in it; as it is where the model writes nothing that is paid for.
Result<std::string> bounded_body(const Match& match, const Config& config, const Plan& plan, JsonRef body,
                                 std::string_view model, UnixMs now) {
  const auto rates = config.prices->find(match.provider->id, model, now);
  if (!rates) return Errc::ERR_CAP_UNBOUNDED;
  if (!pays_for_output(*rates)) return body.dump();
  return with_output_limit(body, *match.call->wire, *match.provider, plan.max_output_tokens);
}

std::string model_of(const Match& match, JsonRef body) {
  if (!match.model.empty()) return match.model;
  const auto model = body.find("model");
  const auto text = model ? model->text(kMaxModelName) : Result<std::string_view>(Errc::ERR_NOT_FOUND);
  return text ? std::string(*text) : std::string();
}

struct Prepared {
  Match match;
  Outgoing outgoing;
  std::string model;
};

std::variant<Prepared, Problem> prepare(const Config& config, const Plan& plan, const AskedCall& asked, UnixMs now) {
  const auto provider = config.catalogue.find(asked.provider);
  if (!provider || asked.key == nullptr) {
    return refused(ProblemType::call_not_allowed, Errc::ERR_UNKNOWN_PROVIDER);
  }
  const auto method = parse_method(asked.method);
  if (!method) return refused(ProblemType::call_not_allowed, method.error());
  const auto url = TargetUrl::parse(provider->base.text() + std::string(asked.rest));
  if (!url) return refused(ProblemType::call_not_allowed, url.error());
  auto match = config.catalogue.match(*method, *url);
  if (!match) return refused(ProblemType::call_not_allowed, match.error());
  // An address below this base that belongs to nobody else, and a call that answers and is paid for by its tokens.
  if (match->provider != provider || match->call->call_class != CallClass::infer || !match->call->wire) {
    return refused(ProblemType::call_not_allowed, Errc::ERR_PATH_NOT_ALLOWED);
  }
  const auto json = Json::parse(asked.body, {.max_bytes = kMaxBodyBytes, .max_values = kMaxBodyValues});
  if (!json) return refused(ProblemType::malformed_request, json.error());
  std::string model = model_of(*match, json->root());
  if (!plan.allows(provider->id, model))
    return Problem{.type = ProblemType::plan_required, .add_key = config.add_key_url};
  const auto body = bounded_body(*match, config, plan, json->root(), model, now);
  if (!body) return refused(ProblemType::unbounded_cost, body.error());
  auto outgoing = caller_request(*match, *url, asked.headers, CallerBody::whole(as_bytes(*body)));
  if (!outgoing) return refused(ProblemType::call_refused, outgoing.error());
  return Prepared{std::move(*match), std::move(*outgoing), std::move(model)};
}

}  // namespace

std::variant<Admitted, Problem> admit(const Config& config, const Plan& plan, const AskedCall& asked, UnixMs now) {
  auto prepared = prepare(config, plan, asked, now);
  if (auto* problem = std::get_if<Problem>(&prepared)) return std::move(*problem);
  auto& [match, outgoing, model] = std::get<Prepared>(prepared);
  Admitted admitted{ProviderExchange(ProviderExchange::Purpose::pass, match.provider, std::move(outgoing), *asked.key,
                                     std::string(), match.call->wire),
                    model, asked.markup, 0, 0};
  admitted.call.count(match.model);
  const auto most = most_micro_usd(admitted.call, *config.prices, now);
  if (!most) return refused(ProblemType::unbounded_cost, most.error());
  admitted.most_micro_usd = marked_up(*most, asked.markup);
  // As if it had been sent and nothing had come back.
  admitted.call.sent();
  const std::int64_t least = std::min(*most, cost_micro_usd(admitted.call, *config.prices, now).value_or(0));
  admitted.least_micro_usd = marked_up(least, asked.markup);
  return admitted;
}

std::optional<Charge> charge_of(const Admitted& admitted, const Config& config, UnixMs now) {
  const auto tally = admitted.call.tally();
  if (!tally) return std::nullopt;
  const auto cost = cost_micro_usd(admitted.call, *config.prices, now);
  // An answer whose use nobody can read was still an answer: neither nothing nor the worst that could have been.
  if (!cost) return Charge{admitted.least_micro_usd, true};
  return Charge{marked_up(*cost, admitted.markup), tally->figures != keyhold::Figures::reported};
}

std::optional<Problem> app_key_problem(const Admitted& admitted) {
  const auto problem = admitted.call.problem();
  if (!problem) return std::nullopt;
  switch (problem->code) {
    case Errc::ERR_BAD_KEY:
    case Errc::ERR_BAD_KEY_LIKELY:
    case Errc::ERR_NO_PERMISSION: return refused(ProblemType::app_key_refused, problem->code);
    case Errc::ERR_NO_CREDIT: return refused(ProblemType::app_key_exhausted, problem->code);
    default: return std::nullopt;
  }
}

}  // namespace keyhold::server

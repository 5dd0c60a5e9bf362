// app_ops: calls with the app's key (Engine in web/src/worker/engine-module.ts). Convert, call, convert.
#include "args.h"
#include "engine.h"
#include "providers/relayed.h"

namespace keyhold::bindings {

namespace {

AppOffer offer_from(const val& object) {
  return {object["server"].as<std::string>(), object["chosen"].as<bool>(), object["newcomer"].as<bool>()};
}

val fetch_by_app(Engine& engine, Args& args) {
  const auto asked = asked_from(args);
  if (!asked) return outcome(asked.error());
  const auto& [url, method, headers, begin, end, body, origin] = *asked;
  return to_call(engine, engine.session().fetch_by_app(offer_from(args.value(5)), origin, url, method, headers, body,
                                                       args.whole(6)));
}

val chat_by_app(Engine& engine, Args& args) {
  const auto said = messages_from(args.value(3));
  if (!said) return outcome(Errc::ERR_BAD_INPUT);
  return to_call(engine, engine.session().chat_by_app(offer_from(args.value(0)), args.text(1), args.text(2), *said,
                                                      args.whole(4)));
}

val authorize(Engine& engine, Args& args) {
  if (Exchange* const call = call_of(engine, args)) call->authorize(args.secret(1));
  return val::null();
}

/// What the app's server refused; null where it passed on what the provider said.
val relay_problem(Engine& engine, Args& args) {
  Exchange* const call = call_of(engine, args);
  const auto problem = call == nullptr ? std::nullopt : diagnose_relay(call->seen());
  return problem ? to_js(to_json(*problem)) : val::null();
}

val plan_app_key_use(Engine& engine, Args& args) {
  const auto use = parse_app_key_use(args.text(1));
  return use ? to_plan(engine.session().plan_app_key_use(args.text(0), *use, args.whole(2))) : outcome(use.error());
}

val app_key_uses(Engine& engine, Args&) {
  JsonOut object = JsonOut::object();
  for (const auto& [provider, use] : engine.session().settings().app_keys) object.set(provider, use);
  return to_js(object);
}

constexpr Op<Engine> kOps[] = {
    {"fetchByApp", fetch_by_app},    {"chatByApp", chat_by_app},          {"authorize", authorize},
    {"relayProblem", relay_problem}, {"planAppKeyUse", plan_app_key_use}, {"appKeyUses", app_key_uses},
};

}  // namespace

std::span<const Op<Engine>> app_ops() { return kOps; }

}  // namespace keyhold::bindings

// login_ops: a key by login (Engine in web/src/worker/engine-module.ts).
#include "args.h"
#include "engine.h"

namespace keyhold::bindings {

namespace {

// `at`: the stored key to be replaced, or null; behind it the label.
LoginTarget target_from(Args& args, int at) { return {args.text_or_none(at), args.text(at + 1)}; }

val begin_login(Engine& engine, Args& args) {
  return outcome(engine.session().begin_login(args.text(0), args.text(1), args.whole(2)), [](const LoginStart& start) {
    JsonOut object = JsonOut::object();
    object.set("url", start.url).set("state", start.state);
    return to_js(object);
  });
}

val exchange_login(Engine& engine, Args& args) {
  return to_call(engine,
                 engine.session().exchange_login(args.text(0), args.text(1), target_from(args, 2), args.whole(4)));
}

/// Of a call of exchange_login's that came to its end.
val plan_login(Engine& engine, Args& args) {
  const Exchange* const call = engine.calls.find(static_cast<Number>(args.whole(0)));
  if (call == nullptr) return val::undefined();
  return to_plan(engine.session().plan_login(*call, target_from(args, 1), args.whole(3)));
}

constexpr Op<Engine> kOps[] = {
    {"beginLogin", begin_login},
    {"exchangeLogin", exchange_login},
    {"planLogin", plan_login},
};

}  // namespace

std::span<const Op<Engine>> login_ops() { return kOps; }

}  // namespace keyhold::bindings

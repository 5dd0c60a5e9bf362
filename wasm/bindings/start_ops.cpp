// start_ops: each way to start a call. It then goes by its number, see call_ops.
#include "args.h"
#include "engine.h"

namespace keyhold::bindings {

val to_call(Engine& engine, Result<Exchange> exchange) {
  return outcome(std::move(exchange), [&](Exchange made) {
    val held = val::object();
    held.set("held", engine.calls.hold(std::move(made)));
    return held;
  });
}

Result<AskedFetch> asked_from(Args& args) {
  const auto headers = headers_from(args.value(2));
  if (!headers) return Errc::ERR_BAD_REQUEST;
  AskedFetch asked{args.text(0), args.text(1), *headers, {}, {}, {}, args.text(4)};
  if (const val seen = args.value(3); !seen.isNull()) {
    asked.begin = from_uint8array(seen["begin"]);
    asked.end = from_uint8array(seen["end"]);
    asked.body = {static_cast<std::uint64_t>(whole_from(seen["size"])), asked.begin, asked.end};
  }
  return asked;
}

namespace {

val check_new(Engine& engine, Args& args) {
  return to_call(engine, engine.session().check_new(args.text(0), args.secret(1), args.whole(2)));
}

val check_replacement(Engine& engine, Args& args) {
  return to_call(engine, engine.session().check_replacement(args.text(0), args.secret(1), args.whole(2)));
}

val check_stored(Engine& engine, Args& args) {
  return to_call(engine, engine.session().check_stored(args.text(0), args.whole(1)));
}

val check_wait_ms(Engine& engine, Args& args) {
  return val(static_cast<double>(engine.session().check_wait_ms(args.text(0), args.whole(1))));
}

val models(Engine& engine, Args& args) { return to_call(engine, engine.session().models(args.text(0), args.whole(1))); }

val chat(Engine& engine, Args& args) {
  const auto said = messages_from(args.value(2));
  if (!said) return outcome(Errc::ERR_BAD_INPUT);
  return to_call(engine, engine.session().chat(args.text(0), args.text(1), *said, args.whole(3), args.whole(4)));
}

val fetch(Engine& engine, Args& args) {
  const auto asked = asked_from(args);
  if (!asked) return outcome(asked.error());
  const auto& [url, method, headers, begin, end, body, origin] = *asked;
  Session& session = engine.session();
  const bool app = args.value(7).as<bool>();
  return to_call(engine, origin.empty()
                             ? session.fetch(url, method, headers, body, args.text_or_none(5), args.whole(6), app)
                             : session.fetch_for(origin, url, method, headers, body, args.whole(6), app));
}

val again(Engine& engine, Args& args) {
  Exchange* const refused = call_of(engine, args);
  if (refused == nullptr) return outcome(Errc::ERR_WRONG_STATE);
  return to_call(engine, engine.session().again(*refused, args.whole(1), args.text(2)));
}

constexpr Op<Engine> kOps[] = {
    {"checkNew", check_new},
    {"checkReplacement", check_replacement},
    {"checkStored", check_stored},
    {"checkWaitMs", check_wait_ms},
    {"models", models},
    {"chat", chat},
    {"fetch", fetch},
    {"again", again},
};

}  // namespace

std::span<const Op<Engine>> start_ops() { return kOps; }

}  // namespace keyhold::bindings

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
  const auto headers = headers_from(args.value(2));
  if (!headers) return outcome(Errc::ERR_BAD_REQUEST);
  Bytes begin;
  Bytes end;
  CallerBody body;
  if (const val seen = args.value(3); !seen.isNull()) {
    begin = from_uint8array(seen["begin"]);
    end = from_uint8array(seen["end"]);
    body = {static_cast<std::uint64_t>(whole_from(seen["size"])), begin, end};
  }
  Session& session = engine.session();
  const std::string origin = args.text(4);
  return to_call(engine,
                 origin.empty()
                     ? session.fetch(args.text(0), args.text(1), *headers, body, args.text_or_none(5), args.whole(6))
                     : session.fetch_for(origin, args.text(0), args.text(1), *headers, body, args.whole(6)));
}

val again(Engine& engine, Args& args) {
  Exchange* const refused = call_of(engine, args);
  if (refused == nullptr) return outcome(Errc::ERR_WRONG_STATE);
  return to_call(engine, engine.session().again(*refused, args.whole(1)));
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

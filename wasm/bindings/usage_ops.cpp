// usage_ops: what calls cost and used, caps, and the rows that say so (Engine in web/src/worker/engine-module.ts).
// Convert, call, convert.
#include "args.h"
#include "engine.h"

namespace keyhold::bindings {

namespace {

std::optional<std::int64_t> number_or_none(const Args& args, int at) {
  return args.value(at).isNull() ? std::nullopt : std::optional(args.whole(at));
}

val use_prices(Engine& engine, Args& args) { return outcome(engine.session().use_prices(args.bytes(0))); }

val prices_made(Engine& engine, Args&) { return val(std::string(engine.session().prices_made())); }

val price(Engine& engine, Args& args) {
  if (Exchange* const call = call_of(engine, args)) engine.session().price(*call, args.whole(1));
  return val::null();
}

/// Nothing to settle for a call that is none any more.
val settle(Engine& engine, Args& args) {
  if (Exchange* const call = call_of(engine, args)) engine.session().settle(*call, args.text(1), args.whole(2));
  return val::null();
}

val holders(Engine& engine, Args& args) {
  Exchange* const call = call_of(engine, args);
  return to_js(to_json(call == nullptr ? std::vector<std::string>() : engine.session().holders(*call)));
}

template <class Act>
val to_spend_row(Engine& engine, Args& args, Act act) {
  Exchange* const call = call_of(engine, args);
  if (call == nullptr) return outcome(Errc::ERR_CANCELLED);
  const val row = args.value(2);
  const Bytes stored = row.isNull() ? Bytes() : from_uint8array(row);
  return outcome(act(engine.session(), *call, args.text(1), row.isNull() ? nullptr : &stored, args.whole(3)),
                 [](const Bytes& row) { return to_uint8array(row); });
}

val reserve(Engine& engine, Args& args) {
  return to_spend_row(engine, args,
                      [](Session& session, Exchange& call, std::string_view whose, const Bytes* stored, UnixMs now) {
                        return session.reserve(call, whose, stored, now);
                      });
}

val renew(Engine& engine, Args& args) {
  return to_spend_row(engine, args,
                      [](Session& session, Exchange& call, std::string_view whose, const Bytes* stored, UnixMs now) {
                        return session.renew(call, whose, stored, now);
                      });
}

val cap_hit(Engine& engine, Args& args) {
  Exchange* const call = call_of(engine, args);
  if (call == nullptr || !call->cap_hit()) return val::null();
  const CapHit& hit = *call->cap_hit();
  JsonOut object = JsonOut::object();
  object.set("period", hit.monthly ? "month" : "day").set("capMicroUsd", hit.cap).set("spentMicroUsd", hit.spent);
  object.set("heldMicroUsd", hit.held).set("neededMicroUsd", hit.needed).set("resetsAt", hit.resets_at);
  return to_js(object);
}

val plan_caps(Engine& engine, Args& args) {
  const Caps caps{number_or_none(args, 1), number_or_none(args, 2)};
  return to_plan(engine.session().plan_caps(args.text(0), caps, args.whole(3)));
}

val usage_waits(Engine& engine, Args&) { return val(engine.session().usage_waits()); }

val usage_rows(Engine& engine, Args& args) {
  return to_js(to_json(engine.session().usage_rows(rows_from(args.value(0)))));
}

val take_usage(Engine& engine, Args& args) {
  const UsageChange change = engine.session().take_usage(rows_from(args.value(0)), rows_from(args.value(1)));
  JsonOut facts = JsonOut::object();
  facts.set("deletes", to_json(change.deletes));
  val object = to_js(facts);
  object.set("puts", to_js(change.puts));
  return object;
}

val usage_written(Engine& engine, Args& args) {
  engine.session().usage_written(args.whole(0) != 0);
  return val::null();
}

val last_usage(Engine& engine, Args&) { return to_js(engine.session().last_usage()); }

val usage(Engine& engine, Args& args) {
  return outcome(engine.session().usage(rows_from(args.value(0))), [](const UsageHistory& history) {
    JsonOut days = JsonOut::array();
    for (const auto& [date, day] : history.days) {
      JsonOut one = JsonOut::object();
      one.set("day", date).set("entries", encode_usage_day(day));
      days.push(one);
    }
    JsonOut object = JsonOut::object();
    object.set("days", days).set("unreadable", history.unreadable);
    return to_js(object);
  });
}

val spending(Engine& engine, Args& args) {
  const UnixMs now = args.whole(1);
  const Rows stored = rows_from(args.value(0));
  JsonOut array = JsonOut::array();
  for (const KeyView& key : engine.session().keys()) {
    if (!key.record->caps.any()) continue;
    const auto row = stored.find(row_key(Purpose::spend, key.record->id));
    const auto spend = engine.session().spending(key.record->id, row == stored.end() ? nullptr : &row->second);
    if (!spend) continue;
    JsonOut one = JsonOut::object();
    one.set("key", key.record->id).set("dayMicroUsd", spend->on_day(now)).set("monthMicroUsd", spend->in_month(now));
    one.set("heldMicroUsd", spend->held(now));
    array.push(one);
  }
  return to_js(array);
}

constexpr Op<Engine> kOps[] = {
    {"usePrices", use_prices},
    {"pricesMade", prices_made},
    {"price", price},
    {"settle", settle},
    {"holders", holders},
    {"reserve", reserve},
    {"renew", renew},
    {"capHit", cap_hit},
    {"planCaps", plan_caps},
    {"usageWaits", usage_waits},
    {"usageRows", usage_rows},
    {"takeUsage", take_usage},
    {"usageWritten", usage_written},
    {"lastUsage", last_usage},
    {"usage", usage},
    {"spending", spending},
};

}  // namespace

std::span<const Op<Engine>> usage_ops() { return kOps; }

}  // namespace keyhold::bindings

// call_ops: one call under way, from its request to its summary (EngineCall in web/src/worker/engine-module.ts).
#include "args.h"
#include "engine.h"

namespace keyhold::bindings {

namespace {

JsonOut to_json(const Usage& usage) {
  JsonOut object = JsonOut::object();
  Usage::each(usage, [&](const char* key, const std::optional<std::int64_t>& count) {
    if (count) object.set(key, *count);
  });
  return object;
}

val request(Exchange& call, Args&) {
  call.sent();
  const Outgoing& outgoing = call.request();
  JsonOut facts = JsonOut::object();
  facts.set("url", outgoing.url).set("method", name(outgoing.method));
  facts.set("headers", bindings::to_json(outgoing.headers)).set("provider", call.provider().id);
  set_or_null(facts, "key", call.key_id());
  facts.set("passesBody", outgoing.passes_body).set_null("secret").set_null("body");
  val object = to_js(facts);
  if (outgoing.body) object.set("body", to_uint8array(as_bytes(*outgoing.body)));
  if (const SecretBytes value = call.take_auth_value(); !value.empty()) {
    JsonOut header = JsonOut::object();
    header.set("name", call.provider().auth.header);
    val secret = to_js(header);
    // REVEAL: the header's value leaves for fetch, as bytes the shell wipes; this copy is wiped on return.
    secret.set("value", to_uint8array(value.reveal()));
    object.set("secret", secret);
  }
  return object;
}

val response(Exchange& call, Args& args) {
  const auto received = headers_from(args.value(1));
  if (!received) return outcome(received.error());
  return outcome(call.response(static_cast<int>(args.whole(0)), *received),
                 [](const Headers& shown) { return to_js(bindings::to_json(shown)); });
}

val moves_on(Exchange& call, Args&) { return val(call.moves_on()); }

val wants_token(Exchange& call, Args&) { return val(call.wants_token()); }

val feed(Exchange& call, Args& args) {
  Bytes chunk = args.bytes(0);
  const val passed = outcome(call.feed(chunk), [&](ByteView released) {
    // Most pieces pass whole: then JavaScript passes on what it has, and nothing is copied back.
    const bool whole = !chunk.empty() && released.data() == chunk.data() && released.size() == chunk.size();
    return whole ? val(true) : to_uint8array(released);
  });
  // A login's answer has a key in it.
  if (call.login()) wipe(chunk);
  return passed;
}

val end(Exchange& call, Args&) { return outcome(call.end(), to_uint8array); }

val take_events(Exchange& call, Args&) {
  JsonOut array = JsonOut::array();
  for (const TextEvent& event : call.take_events()) {
    JsonOut object = JsonOut::object();
    object.set("type", event.type == TextEvent::Type::text ? "text" : "reasoning").set("text", event.text);
    array.push(object);
  }
  return to_js(array);
}

val summary(Exchange& call, Args&) {
  JsonOut object = JsonOut::object();
  object.set("key", call.key_id()).set("provider", call.provider().id).set("source", call.source());
  set_or_null(object, "model", call.model());
  set_or_null(object, "stop", call.stop());
  if (const Usage& usage = call.usage(); usage.known()) {
    object.set("usage", to_json(usage));
  } else {
    object.set_null("usage");
  }
  const auto& bill = call.bill();
  set_or_null(object, "figures", bill ? name(bill->figures) : std::string_view());
  set_or_null(object, "pricesMade", bill ? std::string_view(bill->prices_made) : std::string_view());
  set_or_null(object, "costMicroUsd", bill ? bill->cost_micro_usd : std::nullopt);
  return to_js(object);
}

val problem(Exchange& call, Args&) {
  const auto problem = call.problem();
  if (!problem) return val::null();
  return to_js(bindings::to_json(*problem));
}

val models(Exchange& call, Args&) {
  return outcome(call.models(), [](const std::vector<std::string>& names) { return to_js(bindings::to_json(names)); });
}

val probe_url(Exchange& call, Args&) { return val(call.probe_url()); }

val network_failed(Exchange& call, Args& args) {
  const val evidence = args.value(0);
  NetworkEvidence seen;
  seen.online = evidence["online"].as<bool>();
  seen.blocked_by_policy = evidence["blockedByPolicy"].as<bool>();
  seen.local_withheld = evidence["localWithheld"].as<bool>();
  if (const val reached = evidence["probeReached"]; !reached.isNull()) seen.probe_reached = reached.as<bool>();
  return val(std::string(name(call.network_failed(seen))));
}

constexpr Op<Exchange> kOps[] = {
    {"request", request}, {"response", response}, {"movesOn", moves_on},       {"wantsToken", wants_token},
    {"feed", feed},       {"end", end},           {"takeEvents", take_events}, {"summary", summary},
    {"problem", problem}, {"models", models},     {"probeUrl", probe_url},     {"networkFailed", network_failed},
};

}  // namespace

std::span<const Op<Exchange>> call_ops() { return kOps; }

}  // namespace keyhold::bindings

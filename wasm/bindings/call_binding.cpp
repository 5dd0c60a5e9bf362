#include "call_binding.h"

#include <emscripten/bind.h>

#include "convert.h"

namespace keyhold::bindings {

namespace {

void set_or_null(JsonOut& object, std::string_view key, const std::string& text) {
  if (text.empty()) {
    object.set_null(key);
  } else {
    object.set(key, text);
  }
}

JsonOut to_json(const Usage& usage) {
  JsonOut object = JsonOut::object();
  const auto set = [&](std::string_view key, const std::optional<std::int64_t>& count) {
    if (count) object.set(key, *count);
  };
  set("input", usage.input);
  set("output", usage.output);
  set("cachedInput", usage.cached_input);
  set("cacheWrite", usage.cache_write);
  set("reasoning", usage.reasoning);
  return object;
}

}  // namespace

val CallBinding::request() {
  const Outgoing& outgoing = exchange_.request();
  JsonOut facts = JsonOut::object();
  facts.set("url", outgoing.url).set("method", name(outgoing.method));
  facts.set("headers", bindings::to_json(outgoing.headers)).set("provider", exchange_.provider().id);
  set_or_null(facts, "key", exchange_.key_id());
  facts.set_null("secret").set_null("body");
  val object = to_js(facts);
  if (outgoing.body) object.set("body", to_uint8array(as_bytes(*outgoing.body)));
  if (const SecretBytes value = exchange_.take_auth_value(); !value.empty()) {
    JsonOut header = JsonOut::object();
    header.set("name", exchange_.provider().auth.header);
    val secret = to_js(header);
    // REVEAL: the header's value leaves for fetch, as bytes the shell wipes; this copy is wiped on return.
    secret.set("value", to_uint8array(value.reveal()));
    object.set("secret", secret);
  }
  return object;
}

val CallBinding::response(int status, val headers) {
  const auto received = headers_from(headers);
  if (!received) return outcome(received.error());
  return outcome(exchange_.response(status, *received),
                 [](const Headers& shown) { return to_js(bindings::to_json(shown)); });
}

val CallBinding::feed(val bytes) {
  const Bytes chunk = from_uint8array(bytes);
  return outcome(exchange_.feed(chunk), to_uint8array);
}

val CallBinding::end() { return outcome(exchange_.end(), to_uint8array); }

val CallBinding::take_events() {
  JsonOut array = JsonOut::array();
  for (const TextEvent& event : exchange_.take_events()) {
    JsonOut object = JsonOut::object();
    object.set("type", event.type == TextEvent::Type::text ? "text" : "reasoning").set("text", event.text);
    array.push(object);
  }
  return to_js(array);
}

val CallBinding::summary() const {
  JsonOut object = JsonOut::object();
  object.set("key", exchange_.key_id()).set("provider", exchange_.provider().id).set("source", "user");
  set_or_null(object, "model", exchange_.model());
  set_or_null(object, "stop", exchange_.stop());
  if (const Usage& usage = exchange_.usage(); usage.known()) {
    object.set("usage", to_json(usage));
  } else {
    object.set_null("usage");
  }
  return to_js(object);
}

val CallBinding::problem() const {
  const auto problem = exchange_.problem();
  if (!problem) return val::null();
  JsonOut object = JsonOut::object();
  object.set("code", name(problem->code)).set("status", problem->status);
  if (problem->retry_after_s) object.set("retryAfterS", *problem->retry_after_s);
  return to_js(object);
}

val CallBinding::models() const {
  return outcome(exchange_.models(),
                 [](const std::vector<std::string>& names) { return to_js(bindings::to_json(names)); });
}

std::string CallBinding::network_failed(val evidence) const {
  NetworkEvidence seen;
  seen.online = evidence["online"].as<bool>();
  seen.blocked_by_policy = evidence["blockedByPolicy"].as<bool>();
  if (const val reached = evidence["probeReached"]; !reached.isNull()) seen.probe_reached = reached.as<bool>();
  return std::string(name(exchange_.network_failed(seen)));
}

EMSCRIPTEN_BINDINGS(call) {
  emscripten::class_<CallBinding>("Call")
      .smart_ptr<std::shared_ptr<CallBinding>>("CallRef")
      .function("request", &CallBinding::request)
      .function("response", &CallBinding::response)
      .function("feed", &CallBinding::feed)
      .function("end", &CallBinding::end)
      .function("takeEvents", &CallBinding::take_events)
      .function("summary", &CallBinding::summary)
      .function("problem", &CallBinding::problem)
      .function("models", &CallBinding::models)
      .function("probeUrl", &CallBinding::probe_url)
      .function("networkFailed", &CallBinding::network_failed);
}

}  // namespace keyhold::bindings

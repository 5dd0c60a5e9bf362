#include "call_binding.h"

#include <emscripten/bind.h>

#include "convert.h"

namespace keyhold::bindings {

val CallBinding::request() {
  const Outgoing& outgoing = exchange_.request();
  val object = val::object();
  object.set("url", outgoing.url);
  object.set("method", std::string(name(outgoing.method)));
  object.set("headers", to_js(outgoing.headers));
  object.set("body", outgoing.body ? to_uint8array(as_bytes(*outgoing.body)) : val::null());
  object.set("provider", exchange_.provider().id);
  object.set("key", exchange_.key_id().empty() ? val::null() : val(exchange_.key_id()));
  const SecretBytes value = exchange_.take_auth_value();
  val secret = val::null();
  if (!value.empty()) {
    secret = val::object();
    secret.set("name", exchange_.provider().auth.header);
    // REVEAL: the header's value leaves for fetch, as bytes the shell wipes; this copy is wiped on return.
    secret.set("value", to_uint8array(value.reveal()));
  }
  object.set("secret", secret);
  return object;
}

val CallBinding::response(int status, val headers) {
  return outcome(exchange_.response(status, headers_from(headers)), [](const Headers& shown) { return to_js(shown); });
}

val CallBinding::feed(val bytes) {
  const Bytes chunk = from_uint8array(bytes);
  return outcome(exchange_.feed(chunk), to_uint8array);
}

val CallBinding::end() { return outcome(exchange_.end(), to_uint8array); }

val CallBinding::take_events() {
  val array = val::array();
  for (const TextEvent& event : exchange_.take_events()) {
    val object = val::object();
    object.set("type", std::string(event.type == TextEvent::Type::text ? "text" : "reasoning"));
    object.set("text", event.text);
    array.call<void>("push", object);
  }
  return array;
}

val CallBinding::summary() const {
  val object = val::object();
  object.set("key", exchange_.key_id());
  object.set("provider", exchange_.provider().id);
  object.set("model", exchange_.model().empty() ? val::null() : val(exchange_.model()));
  object.set("source", std::string("user"));
  object.set("stop", exchange_.stop().empty() ? val::null() : val(exchange_.stop()));
  val usage = val::null();
  if (const Usage& reported = exchange_.usage(); reported.known()) {
    usage = val::object();
    set_count(usage, "input", reported.input);
    set_count(usage, "output", reported.output);
    set_count(usage, "cachedInput", reported.cached_input);
    set_count(usage, "cacheWrite", reported.cache_write);
    set_count(usage, "reasoning", reported.reasoning);
  }
  object.set("usage", usage);
  return object;
}

val CallBinding::problem() const {
  const auto problem = exchange_.problem();
  if (!problem) return val::null();
  val object = val::object();
  object.set("code", std::string(name(problem->code)));
  object.set("status", problem->status);
  if (problem->retry_after_s) object.set("retryAfterS", *problem->retry_after_s);
  return object;
}

val CallBinding::models() const {
  return outcome(exchange_.models(), [](const std::vector<std::string>& names) { return to_js(names); });
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

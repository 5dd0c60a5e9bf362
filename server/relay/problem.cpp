#include "server/relay/problem.h"

#include <array>

#include "base/json.h"

namespace keyhold::server {

namespace {

struct Known {
  std::string_view name;
  int status;
  std::string_view sentence;
};

constexpr Known kKnown[] = {
#define KEYHOLD_PROBLEM(name, status, sentence) {#name, status, sentence},
#include "server/relay/problem.def"
#undef KEYHOLD_PROBLEM
};

const Known& known(ProblemType type) { return kKnown[static_cast<std::size_t>(type)]; }

void set(JsonOut& out, std::string_view name, const std::optional<std::int64_t>& number) {
  if (number) out.set(name, *number);
}

void set(JsonOut& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out.set(name, text);
}

}  // namespace

std::string_view name(ProblemType type) noexcept { return known(type).name; }
int status_of(ProblemType type) noexcept { return known(type).status; }

std::string Problem::json(std::string_view request_id) const {
  JsonOut out = JsonOut::object();
  out.set("type", "urn:keyhold:" + std::string(known(type).name));
  out.set("title", known(type).sentence).set("status", known(type).status);
  set(out, "code", code);
  set(out, "needed", needed_micro_usd);
  set(out, "available", available_micro_usd);
  set(out, "resets_at", resets_at);
  set(out, "retry_after", retry_after_s);
  set(out, "add_key", add_key);
  if (!first_call.empty()) {
    JsonOut first = JsonOut::object();
    first.set("call", first_call).set("state", first_state);
    if (first_status) first.set("status", *first_status);
    set(first, "charged", first_charged_micro_usd);
    out.set("first", first);
  }
  out.set("request_id", request_id);
  return out.dump();
}

}  // namespace keyhold::server

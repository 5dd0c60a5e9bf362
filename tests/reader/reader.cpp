// reader: one JSON line in, followed by the bytes it announces; one JSON line out. Until the input ends.
//   {"mode":"events","pieces":[n,…]}                                    the events of a stream, fed in pieces of these sizes
//   {"mode":"answer","wire":…,"type":…,"chat":…,"pieces":[n,…]}         what an answer says
//   {"mode":"refusal","provider":…,"status":…,"check":…,"pieces":[n]}   what a refusal, or the answer to a check, means
//   {"mode":"models","provider":…,"pieces":[n]}                         the names in a list of models
//   {"mode":"call","method":…,"url":…,"pieces":[]}                      what the catalogue makes of an address
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "providers/catalogue.h"
#include "providers/diagnosis.h"
#include "providers/meter.h"
#include "providers/sse.h"

namespace {

using namespace keyhold;

struct Case {
  Json head;
  /// In memory of their own, so that a view kept too long is noticed.
  std::vector<std::string> pieces;

  std::string_view text(std::string_view key) const { return head.root().field(key).value().text().value(); }
  bool flag(std::string_view key) const { return head.root().field(key).value().boolean().value(); }
  int number(std::string_view key) const {
    return static_cast<int>(head.root().field(key).value().integer(0, 999).value());
  }
};

std::optional<Case> next_case() {
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  Case one{Json::parse(as_bytes(line), {.max_bytes = 64 << 20, .max_values = 1 << 24}).value(), {}};
  const auto read = one.head.root().field("pieces").value().each([&](JsonRef size) -> Result<void> {
    std::string piece(static_cast<std::size_t>(size.integer(0, 1 << 26).value()), '\0');
    std::cin.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    one.pieces.push_back(std::move(piece));
    return {};
  });
  if (!read) std::abort();
  return one;
}

JsonOut events(const Case& one) {
  SseDecoder decoder;
  JsonOut out = JsonOut::object();
  bool failed = false;
  out.set_array("events", [&](JsonOut& list) {
    for (const std::string& piece : one.pieces) {
      const auto fed = decoder.feed(as_bytes(piece), [&](const SseEvent& event) -> Result<void> {
        JsonOut item = JsonOut::array();
        list.push(item.push(event.name).push(event.data).push(event.id));
        return {};
      });
      failed = failed || !fed;
    }
  });
  out.set("failed", failed);
  if (decoder.retry_ms()) out.set("retry", *decoder.retry_ms());
  return out;
}

JsonOut answer(const Case& one) {
  Wire wire{};
  for (const Wire each : kWires) {
    if (name(each) == one.text("wire")) wire = each;
  }
  Meter meter(wire, one.text("type"), one.flag("chat"));
  std::string text;
  std::string reasoning;
  Result<void> outcome;
  const auto take = [&](Result<void> result) {
    for (const TextEvent& event : meter.take_events()) {
      (event.type == TextEvent::Type::text ? text : reasoning) += event.text;
    }
    if (!result) outcome = result;
  };
  for (const std::string& piece : one.pieces) {
    if (outcome) take(meter.feed(as_bytes(piece)));
  }
  take(meter.end());
  JsonOut usage = JsonOut::object();
  Usage::each(meter.usage(), [&](const char* key, const std::optional<std::int64_t>& count) {
    if (count) usage.set(key, *count);
  });
  JsonOut out = JsonOut::object();
  out.set("text", text).set("reasoning", reasoning).set("usage", usage);
  out.set("model", meter.model()).set("stop", meter.stop());
  out.set("outcome", outcome ? std::string_view("ok") : name(outcome.error()));
  return out;
}

JsonOut refusal(const Catalogue& catalogue, const Case& one) {
  const ProviderRef provider = catalogue.find(one.text("provider"));
  const AnswerSeen seen{one.number("status"), one.text("type"), as_bytes(one.pieces.at(0)), ""};
  const auto problem = one.flag("check") ? diagnose_check(*provider, seen) : diagnose_answer(*provider, seen);
  JsonOut out = JsonOut::object();
  out.set("code", problem ? name(problem->code) : std::string_view("ok"));
  if (problem && problem->retry_after_s) out.set("retry", *problem->retry_after_s);
  return out;
}

JsonOut models(const Catalogue& catalogue, const Case& one) {
  const auto names = parse_models(catalogue.find(one.text("provider"))->wire, as_bytes(one.pieces.at(0)));
  JsonOut out = JsonOut::object();
  if (!names) return std::move(out.set("error", name(names.error())));
  out.set_array("names", [&](JsonOut& list) {
    for (const std::string& model : *names) list.push(model);
  });
  return out;
}

JsonOut call(const Catalogue& catalogue, const Case& one) {
  const auto method = parse_method(one.text("method"));
  const auto url = TargetUrl::parse(one.text("url"));
  const auto match = method && url ? catalogue.match(*method, *url) : Result<Match>(Errc::ERR_UNKNOWN_ENDPOINT);
  JsonOut out = JsonOut::object();
  if (!match) return std::move(out.set("error", name(match.error())));
  out.set("provider", match->provider->id).set("path", match->call->path).set("model", match->model);
  if (match->call->wire) out.set("wire", name(*match->call->wire));
  return out;
}

}  // namespace

int main() {
  const Catalogue catalogue = Catalogue::builtin().value();
  while (const auto one = next_case()) {
    const std::string_view mode = one->text("mode");
    const JsonOut out = mode == "events"    ? events(*one)
                        : mode == "answer"  ? answer(*one)
                        : mode == "refusal" ? refusal(catalogue, *one)
                        : mode == "models"  ? models(catalogue, *one)
                                            : call(catalogue, *one);
    std::cout << out.dump() << std::endl;
  }
}

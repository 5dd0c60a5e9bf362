// fuzz_wire: answers of any provider. However they are cut they say the same; what only passes through never fails.
// The first byte chooses the wire and the slices.
#include <cstddef>
#include <cstdint>
#include <string>

#include "providers/diagnosis.h"
#include "providers/meter.h"

namespace {

using namespace keyhold;

std::string hear(std::string_view answer, std::size_t slice, Wire wire, bool chat) {
  Meter meter(wire, "", chat);
  std::string text;
  std::string reasoning;
  std::string outcome = "ok";
  const auto drain = [&] {
    for (const TextEvent& event : meter.take_events()) {
      (event.type == TextEvent::Type::text ? text : reasoning) += event.text;
    }
  };
  for (std::size_t at = 0; at < answer.size(); at += slice) {
    const std::string piece(answer.substr(at, slice));
    const auto fed = meter.feed(as_bytes(piece));
    drain();
    if (!fed) break;
  }
  if (const auto ended = meter.end(); !ended) outcome = name(ended.error());
  drain();
  if (!chat && (outcome != "ok" || !text.empty() || !reasoning.empty())) __builtin_trap();
  std::string counts;
  Usage::each(meter.usage(), [&](const char*, const std::optional<std::int64_t>& tokens) {
    counts += tokens ? std::to_string(*tokens) + " " : "? ";
  });
  return outcome + "\n" + text + "\n" + reasoning + "\n" + meter.model() + "\n" + meter.stop() + "\n" + counts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Provider any = custom_provider("a", "A", Endpoint::parse("https://a.example/").value());
  if (size < 1) return 0;
  const Wire wire = kWires[data[0] % kWires.size()];
  const std::size_t slice = 1 + data[0] / kWires.size();
  const ByteView bytes(data + 1, size - 1);
  const std::string_view answer = as_text(bytes);
  for (const bool chat : {true, false}) {
    if (hear(answer, slice, wire, chat) != hear(answer, size, wire, chat)) __builtin_trap();
  }
  (void)parse_models(wire, bytes);
  (void)diagnose_check(any, {200, "", bytes, answer});
  const auto problem = diagnose_answer(any, {429, "", bytes, answer});
  if (!problem || problem->retry_after_s.value_or(0) < 0 || problem->retry_after_s.value_or(0) > kMaxRetryAfterS) {
    __builtin_trap();
  }
  return 0;
}

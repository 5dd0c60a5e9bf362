// fuzz_sse: a stream fed whole and the same stream fed in slices give the same events; and so does what is taken out of
// it, which leaves a stream without `usage` as it was.
#include <cstddef>
#include <cstdint>
#include <string>

#include "providers/sse.h"
#include "providers/usage_swallow.h"

namespace {

using namespace keyhold;

std::string decode(std::string_view stream, std::size_t slice) {
  SseDecoder decoder;
  std::string events;
  for (std::size_t at = 0; at < stream.size(); at += slice) {
    // In memory of its own, so that a view kept too long is noticed.
    const std::string piece(stream.substr(at, slice));
    const auto fed = decoder.feed(as_bytes(piece), [&](const SseEvent& event) -> Result<void> {
      events.append(event.name).append("\n").append(event.id).append("\n");
      events.append(std::to_string(event.data.size())).append("\n").append(event.data);
      return {};
    });
    if (!fed) return events + std::string(name(fed.error()));
  }
  return events + std::to_string(decoder.retry_ms().value_or(-1));
}

std::string swallow(std::string_view stream, std::size_t slice) {
  UsageSwallow swallow;
  std::string passed;
  for (std::size_t at = 0; at < stream.size(); at += slice) {
    const std::string piece(stream.substr(at, slice));
    const ByteView now = swallow.feed(as_bytes(piece));
    passed += as_text(at + slice < stream.size() ? now : swallow.finish());
  }
  return passed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = decode(stream, size);
  if (decode(stream, 1) != whole || decode(stream, 1 + data[0] % 32) != whole) __builtin_trap();
  const std::string left = swallow(stream, size);
  if (swallow(stream, 1) != left || swallow(stream, 1 + data[0] % 32) != left) __builtin_trap();
  if (stream.find("\"usage\"") == std::string_view::npos && left != stream) __builtin_trap();
  return 0;
}

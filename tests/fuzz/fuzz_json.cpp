// fuzz_json: whatever the strict reader accepts, written and read again, is the same text, and what the library's own parser
// makes of it.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace keyhold;
  const auto first = Json::parse({data, size}, {.max_bytes = 1 << 16, .max_values = 1 << 12});
  if (!first) return 0;
  const std::string text = first->root().dump();
  const auto theirs = nlohmann::json::parse(data, data + size, nullptr, false);
  if (theirs.is_discarded()) __builtin_trap();
  if (theirs.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) != text) __builtin_trap();
  const auto second = Json::parse(as_bytes(text));
  if (!second || second->root().dump() != text) __builtin_trap();

  JsonOut out = JsonOut::object();
  out.set("copy", first->root());
  const auto copied = Json::parse(as_bytes(out.dump()), {.max_bytes = 1 << 20});
  // One level deeper than the original: only that may be refused.
  if (copied && copied->root().field("copy")->dump() != text) __builtin_trap();
  return 0;
}

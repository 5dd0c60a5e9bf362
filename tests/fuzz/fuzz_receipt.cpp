// Feeds somebody's server's text to what reads receipts and their keys: what is taken for one can be shown again as it came.
#include <cstddef>
#include <cstdint>

#include "base/base64.h"
#include "session/receipt_errand.h"
#include "vault/receipt.h"

using namespace keyhold;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const std::string_view text = as_text(input);
  if (const auto receipt = parse_receipt(text)) {
    if (size > kMaxReceiptBytes || receipt->kid.empty() || receipt->charged_micro_usd < 0) __builtin_trap();
    // The parts are in their one spelling: together they are the text.
    const std::string again = std::string(receipt->signed_text) + "." + encode_base64url(receipt->signature);
    if (again != text) __builtin_trap();
    const CallByApp call{receipt->call, receipt->provider, receipt->model, {}, {}};
    if (!mismatch(*receipt, call).empty()) __builtin_trap();
  }
  // The kid of a line of its own before the keys.
  const std::size_t line = text.find('\n');
  if (line != std::string_view::npos) {
    const std::string_view kid = text.substr(0, line);
    const auto key = find_receipt_key(input.subspan(line + 1), kid);
    if (key && thumbprint_of(*key) != kid) __builtin_trap();
  }
  if (const auto json = Json::parse(input)) {
    if (const auto errand = parse_errand(json->root())) {
      const std::string once = encode_errand(*errand).dump();
      const Json read = Json::parse(as_bytes(once)).value();
      if (encode_errand(parse_errand(read.root()).value()).dump() != once) __builtin_trap();
    }
  }
  return 0;
}

#include "session/receipt_errand.h"

#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::size_t kMaxText = 512;
/// In the place of an amount.
constexpr std::int64_t kNone = -1;

}  // namespace

JsonOut encode_errand(const ReceiptErrand& errand) {
  JsonOut array = JsonOut::array();
  array.push(static_cast<std::int64_t>(errand.step)).push(errand.wait_ms).push(errand.keys);
  array.push(errand.at).push(errand.tries).push(errand.call.number).push(errand.call.provider);
  array.push(errand.call.asked_model).push(errand.call.answered_model);
  array.push(errand.call.counted_micro_usd.value_or(kNone));
  array.push(errand.jws).push(errand.key).push(errand.refused);
  return array;
}

Result<ReceiptErrand> parse_errand(JsonRef array) {
  ReceiptErrand errand;
  KEYHOLD_TRY(const std::int64_t step, count_at(array, 0));
  if (step > static_cast<std::int64_t>(ReceiptErrand::Step::over)) return Errc::ERR_BAD_INPUT;
  errand.step = static_cast<ReceiptErrand::Step>(step);
  KEYHOLD_TRY(errand.wait_ms, count_at(array, 1));
  KEYHOLD_TRY(errand.keys, text_at(array, 2, kMaxReceiptKeysBytes));
  KEYHOLD_TRY(errand.at, count_at(array, 3));
  KEYHOLD_TRY(errand.tries, count_at(array, 4));
  KEYHOLD_TRY(errand.call.number, text_at(array, 5, kMaxCallDigits));
  KEYHOLD_TRY(errand.call.provider, text_at(array, 6, kMaxText));
  KEYHOLD_TRY(errand.call.asked_model, text_at(array, 7, kMaxText));
  KEYHOLD_TRY(errand.call.answered_model, text_at(array, 8, kMaxText));
  KEYHOLD_TRY(const std::int64_t counted, count_at(array, 9, kNone));
  if (counted != kNone) errand.call.counted_micro_usd = counted;
  KEYHOLD_TRY(errand.jws, text_at(array, 10, kMaxReceiptBytes));
  KEYHOLD_TRY(errand.key, text_at(array, 11, kMaxText));
  KEYHOLD_TRY(errand.refused, text_at(array, 12, kMaxText));
  return errand;
}

}  // namespace keyhold

#include "vault/read_fields.h"

namespace keyhold {

Result<Json> open_info(const Envelope& envelope, const SubKey& key, JsonLimits limits) {
  // REVEAL: the subkey opens.
  KEYHOLD_TRY(const Body body, open_envelope(envelope, key.reveal()));
  return Json::parse(as_bytes(body.info), limits);
}

Result<std::string> read_text(JsonRef object, std::string_view key, std::size_t max) {
  KEYHOLD_TRY(const JsonRef field, object.field(key));
  KEYHOLD_TRY(const std::string_view text, field.text(max));
  return std::string(text);
}

Result<std::int64_t> read_count(JsonRef object, std::string_view key, std::int64_t min) {
  KEYHOLD_TRY(const JsonRef field, object.field(key));
  return field.integer(min, kMaxCount);
}

Result<std::string> text_at(JsonRef array, std::size_t place, std::size_t max) {
  KEYHOLD_TRY(const JsonRef element, array.at(place));
  KEYHOLD_TRY(const std::string_view text, element.text(max));
  return std::string(text);
}

Result<std::int64_t> count_at(JsonRef array, std::size_t place, std::int64_t min) {
  KEYHOLD_TRY(const JsonRef element, array.at(place));
  return element.integer(min, kMaxCount);
}

}  // namespace keyhold

#include "convert.h"

namespace keyhold::bindings {

namespace {

constexpr std::size_t kMaxInputBytes = 64 << 20;

val json_of_js() { return val::global("JSON"); }

}  // namespace

val to_uint8array(ByteView bytes) {
  return val::global("Uint8Array").new_(emscripten::typed_memory_view(bytes.size(), bytes.data()));
}

Bytes from_uint8array(const val& array) {
  Bytes bytes(array["length"].as<unsigned>());
  val(emscripten::typed_memory_view(bytes.size(), bytes.data())).call<void>("set", array);
  return bytes;
}

val to_js(const JsonOut& json) { return json_of_js().call<val>("parse", json.dump()); }

Result<Json> from_js(const val& value) {
  const auto text = json_of_js().call<std::string>("stringify", value);
  auto json = Json::parse(as_bytes(text), {.max_bytes = kMaxInputBytes});
  if (!json) return Errc::ERR_BAD_INPUT;
  return json;
}

val outcome(val value) {
  val object = val::object();
  object.set("value", value);
  return object;
}

val outcome(Errc error) {
  JsonOut object = JsonOut::object();
  object.set("error", name(error));
  return to_js(object);
}

val outcome(const Result<void>& result) { return result ? outcome(val::null()) : outcome(result.error()); }

val to_js(const Rows& rows) {
  val array = val::array();
  for (const auto& [key, bytes] : rows) {
    JsonOut facts = JsonOut::object();
    facts.set("key", key);
    val row = to_js(facts);
    row.set("bytes", to_uint8array(bytes));
    array.call<void>("push", row);
  }
  return array;
}

Rows rows_from(const val& array) {
  Rows rows;
  const auto count = array["length"].as<unsigned>();
  for (unsigned i = 0; i < count; ++i) {
    const val row = array[i];
    rows.insert_or_assign(row["key"].as<std::string>(), from_uint8array(row["bytes"]));
  }
  return rows;
}

val to_js(const Plan& plan) {
  JsonOut facts = JsonOut::object();
  facts.set("id", plan.id).set("deletes", to_json(plan.deletes));
  val object = to_js(facts);
  object.set("base", plan.base ? to_uint8array(*plan.base) : val::null());
  object.set("puts", to_js(plan.puts));
  return object;
}

val to_js(const SlotKdf& kdf) {
  JsonOut facts = JsonOut::object();
  facts.set("passes", std::int64_t{kdf.kdf.passes()}).set("memKib", std::int64_t{kdf.kdf.mem_kib()});
  val object = to_js(facts);
  object.set("salt", to_uint8array(kdf.salt));
  return object;
}

JsonOut to_json(const Headers& headers) {
  JsonOut array = JsonOut::array();
  for (const auto& [name, value] : headers) {
    JsonOut pair = JsonOut::array();
    pair.push(name).push(value);
    array.push(pair);
  }
  return array;
}

Result<Headers> headers_from(const val& array) {
  KEYHOLD_TRY(const Json json, from_js(array));
  Headers headers;
  KEYHOLD_CHECK(json.root().each([&](JsonRef pair) -> Result<void> {
    std::vector<std::string> texts;
    KEYHOLD_CHECK(pair.each([&](JsonRef text) -> Result<void> {
      KEYHOLD_TRY(const std::string_view view, text.text(kMaxInputBytes));
      texts.emplace_back(view);
      return {};
    }));
    if (texts.size() != 2) return Errc::ERR_BAD_INPUT;
    headers.emplace_back(std::move(texts[0]), std::move(texts[1]));
    return {};
  }));
  return headers;
}

JsonOut to_json(const std::vector<std::string>& texts) {
  JsonOut array = JsonOut::array();
  for (const std::string& text : texts) array.push(text);
  return array;
}

}  // namespace keyhold::bindings

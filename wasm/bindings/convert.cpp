#include "convert.h"

namespace keyhold::bindings {

val to_uint8array(ByteView bytes) {
  return val::global("Uint8Array").new_(emscripten::typed_memory_view(bytes.size(), bytes.data()));
}

Bytes from_uint8array(const val& array) {
  Bytes bytes(array["length"].as<unsigned>());
  val(emscripten::typed_memory_view(bytes.size(), bytes.data())).call<void>("set", array);
  return bytes;
}

val outcome(val value) {
  val object = val::object();
  object.set("value", value);
  return object;
}

val outcome(Errc error) {
  val object = val::object();
  object.set("error", std::string(name(error)));
  return object;
}

val outcome(Result<void> result) { return result ? outcome(val::null()) : outcome(result.error()); }

void set_text(val& object, const char* key, const std::string& text) {
  if (!text.empty()) object.set(key, text);
}

void set_count(val& object, const char* key, const std::optional<std::int64_t>& count) {
  if (count) object.set(key, static_cast<double>(*count));
}

val to_js(const Rows& rows) {
  val array = val::array();
  for (const auto& [key, bytes] : rows) {
    val row = val::object();
    row.set("key", key);
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
  val object = val::object();
  object.set("base", plan.base ? to_uint8array(*plan.base) : val::null());
  object.set("puts", to_js(plan.puts));
  object.set("deletes", to_js(plan.deletes));
  object.set("id", plan.id);
  return object;
}

val to_js(const SlotFields& kdf) {
  val object = val::object();
  object.set("salt", to_uint8array(kdf.salt));
  object.set("passes", kdf.kdf.passes());
  object.set("memKib", kdf.kdf.mem_kib());
  return object;
}

val to_js(const Headers& headers) {
  val array = val::array();
  for (const auto& [name, value] : headers) {
    val pair = val::array();
    pair.call<void>("push", name);
    pair.call<void>("push", value);
    array.call<void>("push", pair);
  }
  return array;
}

Headers headers_from(const val& array) {
  Headers headers;
  const auto count = array["length"].as<unsigned>();
  for (unsigned i = 0; i < count; ++i) {
    headers.emplace_back(array[i][0].as<std::string>(), array[i][1].as<std::string>());
  }
  return headers;
}

val to_js(const std::vector<std::string>& texts) {
  val array = val::array();
  for (const std::string& text : texts) array.call<void>("push", text);
  return array;
}

}  // namespace keyhold::bindings

// convert: between C++ values and JavaScript's. Decides nothing. Facts cross as JSON text, bytes as Uint8Arrays: one
// conversion each keeps the module small.
#pragma once

#include <emscripten/val.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "session/session.h"

namespace keyhold::bindings {

using emscripten::val;

/// A new Uint8Array, owned by JavaScript.
val to_uint8array(ByteView bytes);
/// Copies a Uint8Array. Not for secrets: those come in a buffer.
Bytes from_uint8array(const val& array);
/// The bytes themselves, to be written by JavaScript. The heap can move: to be taken anew after any other call.
val to_view(std::span<std::uint8_t> bytes);
/// A whole number from 0 that JavaScript holds exactly; 0 for anything else.
std::int64_t whole_from(const val& number);

/// The plain JavaScript value that this JSON says.
val to_js(const JsonOut& json);
/// The JSON that says this plain JavaScript value. ERR_BAD_INPUT for one that strict JSON cannot say, such as a text
/// with half a surrogate pair.
Result<Json> from_js(const val& value);

/// {value} or {error: "ERR_…"}.
val outcome(val value);
val outcome(Errc error);
val outcome(const Result<void>& result);
template <class T, class Convert>
val outcome(Result<T> result, Convert&& convert) {
  if (!result) return outcome(result.error());
  return outcome(convert(*std::move(result)));
}

/// [{key, bytes}, …]
val to_js(const Rows& rows);
Rows rows_from(const val& array);
val to_js(const Plan& plan);
val to_plan(Result<Plan> plan);
/// A slot key from the buffer JavaScript filled, which it wipes. ERR_BAD_INPUT unless it has 32 bytes.
Result<SlotKey> slot_key_from(const SecretBytes& buffer);
val to_js(const SlotKdf& kdf);
/// ERR_KDF_BOUNDS, ERR_BAD_INPUT.
Result<SlotKdf> kdf_from(const val& kdf);
val to_js_state(VaultState state);

JsonOut to_json(const KeyView& view);
/// `login`: a key can be had by logging in there.
JsonOut to_json(const ProviderRef& provider, bool login);
JsonOut to_json(const Finding& finding);
JsonOut to_json(const Problem& problem);
JsonOut to_json(const SiteConfig& site);
Result<std::vector<ChatMessage>> messages_from(const val& array);
/// [[name, value], …]
JsonOut to_json(const Headers& headers);
/// ERR_BAD_INPUT unless pairs of texts.
Result<Headers> headers_from(const val& array);
JsonOut to_json(const std::vector<std::string>& texts);
/// ERR_BAD_INPUT unless an array of texts.
Result<std::vector<std::string>> texts_from(const val& array);
/// Null for none.
void set_or_null(JsonOut& object, std::string_view key, const std::optional<std::int64_t>& number);
/// Null for an empty text.
void set_or_null(JsonOut& object, std::string_view key, std::string_view text);

template <class Items>
JsonOut to_json_array(const Items& items) {
  JsonOut array = JsonOut::array();
  for (const auto& item : items) array.push(to_json(item));
  return array;
}

}  // namespace keyhold::bindings

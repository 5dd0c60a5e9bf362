// convert: between C++ values and JavaScript's. Decides nothing.
#pragma once

#include <emscripten/val.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "providers/provider.h"
#include "vault/vault.h"

namespace keyhold::bindings {

using emscripten::val;

/// A new Uint8Array, owned by JavaScript.
val to_uint8array(ByteView bytes);
/// Copies a Uint8Array. Not for secrets: those come in a Buffer.
Bytes from_uint8array(const val& array);

/// {value} or {error: "ERR_…"}.
val outcome(val value);
val outcome(Errc error);
template <class T, class Convert>
val outcome(Result<T> result, Convert&& convert) {
  if (!result) return outcome(result.error());
  return outcome(convert(*std::move(result)));
}
val outcome(Result<void> result);

/// undefined for an empty text.
void set_text(val& object, const char* key, const std::string& text);
/// undefined for nothing.
void set_count(val& object, const char* key, const std::optional<std::int64_t>& count);

val to_js(const Rows& rows);
Rows rows_from(const val& array);
val to_js(const Plan& plan);
val to_js(const SlotFields& kdf);
val to_js(const Headers& headers);
Headers headers_from(const val& array);
val to_js(const std::vector<std::string>& texts);

}  // namespace keyhold::bindings

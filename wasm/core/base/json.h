// json: the only door through which JSON comes in or goes out. Strict and bounded: repeated keys, deep
// nesting, too many values and wrong types are errors, never surprises. json.cpp alone knows the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "base/result.h"

namespace keyhold {

inline constexpr std::size_t kJsonMaxDepth = 32;

struct JsonLimits {
  std::size_t max_bytes = 1 << 20;
  std::size_t max_values = 1 << 16;  // every value and every member name counts
};

/// A look at one value inside a Json. Valid only while that Json lives. Reading a wrong type is ERR_BAD_JSON.
class JsonRef {
 public:
  bool is_object() const noexcept;
  bool is_array() const noexcept;
  bool is_string() const noexcept;
  bool is_null() const noexcept;

  /// Member of an object; nothing if absent or if this is no object.
  std::optional<JsonRef> find(std::string_view key) const;
  /// Member of an object that must be there.
  Result<JsonRef> field(std::string_view key) const;
  /// ERR_BAD_JSON if this is no object or has a member that is not in the list.
  Result<void> only(std::initializer_list<std::string_view> keys) const;

  /// Text of at most `max` bytes. The view lives as long as the Json.
  Result<std::string_view> text(std::size_t max = 4096) const;
  Result<std::int64_t> integer(std::int64_t min, std::int64_t max) const;
  Result<double> number() const;
  Result<bool> boolean() const;

  /// Elements of an array or members of an object; 0 for anything else.
  std::size_t size() const noexcept;
  /// Calls for each element in order until one returns an error, which is returned. ERR_BAD_JSON if no array.
  Result<void> each(FunctionRef<Result<void>(JsonRef)> visit) const;
  /// The same for the members of an object, in the order of their names.
  Result<void> each_member(FunctionRef<Result<void>(std::string_view, JsonRef)> visit) const;

  // In a loop, unlike the two above, these leave no function in WebAssembly's table: what uses them can be in keeping.wasm.

  /// The element at this place. ERR_BAD_JSON if this is no array, or has none there.
  Result<JsonRef> at(std::size_t place) const;
  /// The member at this place in the order of the names, found by counting: for small objects. ERR_BAD_JSON likewise.
  Result<std::pair<std::string_view, JsonRef>> member(std::size_t place) const;

  /// Serialised anew, compact. Malformed UTF-8 cannot occur: the reader refuses it.
  std::string dump() const;

 private:
  friend class Json;
  friend class JsonOut;
  explicit JsonRef(const void* node) noexcept : node_(node) {}
  const void* node_;
};

/// A parsed document, read only.
class Json {
 public:
  /// ERR_TOO_LARGE over `max_bytes`; ERR_BAD_JSON for everything else that is not one strict JSON value.
  static Result<Json> parse(ByteView text, JsonLimits limits = {});
  Json(Json&&) noexcept;
  Json& operator=(Json&&) noexcept;
  ~Json();
  JsonRef root() const noexcept;

 private:
  friend class JsonOut;
  struct Impl;
  explicit Json(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// A document being written, text from the first member on. Members stand in the order they were set, each set once.
/// Never used for secrets.
class JsonOut {
 public:
  static JsonOut object() { return JsonOut('{', '}'); }
  static JsonOut array() { return JsonOut('[', ']'); }

  JsonOut& set(std::string_view key, std::string_view text);
  JsonOut& set(std::string_view key, const char* text) { return set(key, std::string_view(text)); }
  JsonOut& set(std::string_view key, std::int64_t number);
  JsonOut& set(std::string_view key, int number) { return set(key, std::int64_t{number}); }
  JsonOut& set(std::string_view key, double number);
  JsonOut& set(std::string_view key, bool value);
  JsonOut& set(std::string_view key, const JsonOut& value);
  /// A copy of a value that was read.
  JsonOut& set(std::string_view key, JsonRef value);
  JsonOut& set_null(std::string_view key);
  /// An array that `fill` pushes to, or an object that it sets: written in place, for documents of many parts.
  JsonOut& set_array(std::string_view key, FunctionRef<void(JsonOut&)> fill);
  JsonOut& set_object(std::string_view key, FunctionRef<void(JsonOut&)> fill);
  JsonOut& push(std::string_view text);
  JsonOut& push(std::int64_t number);
  JsonOut& push(const JsonOut& value);

  /// Compact UTF-8; malformed UTF-8 in a text becomes U+FFFD.
  std::string dump() const { return text_ + close_; }

 private:
  JsonOut(char open, char close) : text_(1, open), close_(close) {}
  JsonOut& begin(std::string_view key);  // up to where the member's value goes
  JsonOut& begin();                      // up to where the next element goes
  JsonOut& write(std::string_view text);
  JsonOut& write(std::int64_t number);
  JsonOut& raw(std::string_view json);
  JsonOut& nest(char open, char close, FunctionRef<void(JsonOut&)> fill);

  std::string text_;  // all but the closing bracket
  char close_;
};

}  // namespace keyhold

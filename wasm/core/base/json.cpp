#include "base/json.h"

#include <array>
#include <charconv>
#include <limits>
#define JSON_NO_IO 1  // no streams: nothing here reads or writes a file
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace keyhold {

namespace {

using Node = nlohmann::json;

const Node& as_node(const void* node) { return *static_cast<const Node*>(node); }

// Builds the document while refusing what the library would let through: repeated keys, depth, numbers of values.
class StrictReader : public nlohmann::json_sax<Node> {
 public:
  explicit StrictReader(std::size_t max_values) : values_left_(max_values) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Node::object()); }
  bool start_array(std::size_t) override { return open(Node::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!count()) return false;
    const auto [member, fresh] = open_.back()->emplace(std::move(name), nullptr);
    member_ = &member.value();
    return fresh;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  Node take() { return std::move(root_); }

 private:
  bool count() { return values_left_ != 0 && values_left_-- != 0; }

  bool put(Node value) { return count() && place(std::move(value)) != nullptr; }

  bool open(Node container) {
    if (open_.size() >= kJsonMaxDepth || !count()) return false;
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Node* place(Node value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Node& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    *member_ = std::move(value);
    return member_;
  }

  std::size_t values_left_;
  Node root_;
  std::vector<Node*> open_;  // containers begun and not ended; a parent never moves while a child is open
  Node* member_ = nullptr;   // of the innermost object: where the value that comes next belongs
};

std::string serialise(const Node& node) { return node.dump(-1, ' ', false, Node::error_handler_t::replace); }

}  // namespace

bool JsonRef::is_object() const noexcept { return as_node(node_).is_object(); }
bool JsonRef::is_array() const noexcept { return as_node(node_).is_array(); }
bool JsonRef::is_string() const noexcept { return as_node(node_).is_string(); }
bool JsonRef::is_null() const noexcept { return as_node(node_).is_null(); }

std::optional<JsonRef> JsonRef::find(std::string_view key) const {
  const auto* members = as_node(node_).get_ptr<const Node::object_t*>();
  if (members == nullptr) return std::nullopt;
  const auto found = members->find(key);
  if (found == members->end()) return std::nullopt;
  return JsonRef(&found->second);
}

Result<JsonRef> JsonRef::field(std::string_view key) const {
  auto found = find(key);
  if (!found) return Errc::ERR_BAD_JSON;
  return *found;
}

Result<void> JsonRef::only(std::initializer_list<std::string_view> keys) const {
  return each_member([&](std::string_view name, JsonRef) -> Result<void> {
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) return Errc::ERR_BAD_JSON;
    return {};
  });
}

Result<std::string_view> JsonRef::text(std::size_t max) const {
  const auto* text = as_node(node_).get_ptr<const std::string*>();
  if (text == nullptr || text->size() > max) return Errc::ERR_BAD_JSON;
  return std::string_view(*text);
}

Result<std::int64_t> JsonRef::integer(std::int64_t min, std::int64_t max) const {
  const Node& node = as_node(node_);
  std::int64_t value = 0;
  if (const auto* positive = node.get_ptr<const Node::number_unsigned_t*>()) {
    if (*positive > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return Errc::ERR_BAD_JSON;
    value = static_cast<std::int64_t>(*positive);
  } else if (const auto* any = node.get_ptr<const Node::number_integer_t*>()) {
    value = *any;
  } else {
    return Errc::ERR_BAD_JSON;
  }
  if (value < min || value > max) return Errc::ERR_BAD_JSON;
  return value;
}

Result<double> JsonRef::number() const {
  const Node& node = as_node(node_);
  if (const auto* value = node.get_ptr<const Node::number_float_t*>()) return *value;
  if (const auto* value = node.get_ptr<const Node::number_unsigned_t*>()) return static_cast<double>(*value);
  if (const auto* value = node.get_ptr<const Node::number_integer_t*>()) return static_cast<double>(*value);
  return Errc::ERR_BAD_JSON;
}

Result<bool> JsonRef::boolean() const {
  const auto* value = as_node(node_).get_ptr<const Node::boolean_t*>();
  if (value == nullptr) return Errc::ERR_BAD_JSON;
  return *value;
}

std::size_t JsonRef::size() const noexcept {
  const Node& node = as_node(node_);
  return node.is_structured() ? node.size() : 0;
}

Result<void> JsonRef::each(FunctionRef<Result<void>(JsonRef)> visit) const {
  const Node& node = as_node(node_);
  if (!node.is_array()) return Errc::ERR_BAD_JSON;
  for (const Node& element : node) KEYHOLD_CHECK(visit(JsonRef(&element)));
  return {};
}

Result<void> JsonRef::each_member(FunctionRef<Result<void>(std::string_view, JsonRef)> visit) const {
  const auto* members = as_node(node_).get_ptr<const Node::object_t*>();
  if (members == nullptr) return Errc::ERR_BAD_JSON;
  for (const auto& [name, value] : *members) KEYHOLD_CHECK(visit(name, JsonRef(&value)));
  return {};
}

Result<JsonRef> JsonRef::at(std::size_t place) const {
  const auto* elements = as_node(node_).get_ptr<const Node::array_t*>();
  if (elements == nullptr || place >= elements->size()) return Errc::ERR_BAD_JSON;
  return JsonRef(&(*elements)[place]);
}

Result<std::pair<std::string_view, JsonRef>> JsonRef::member(std::size_t place) const {
  const auto* members = as_node(node_).get_ptr<const Node::object_t*>();
  if (members == nullptr || place >= members->size()) return Errc::ERR_BAD_JSON;
  const auto found = std::next(members->begin(), static_cast<std::ptrdiff_t>(place));
  return std::pair<std::string_view, JsonRef>(found->first, JsonRef(&found->second));
}

std::string JsonRef::dump() const { return serialise(as_node(node_)); }

struct Json::Impl {
  Node root;
};

Json::Json(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Result<Json> Json::parse(ByteView text, JsonLimits limits) {
  if (text.size() > limits.max_bytes) return Errc::ERR_TOO_LARGE;
  // The library takes a NUL for the end of the text, whatever follows, and skips a byte order mark. Neither is JSON.
  if (std::find(text.begin(), text.end(), 0) != text.end() || as_text(text).starts_with("\xef\xbb\xbf")) {
    return Errc::ERR_BAD_JSON;
  }
  StrictReader reader(limits.max_values);
  if (!Node::sax_parse(text.begin(), text.end(), &reader)) return Errc::ERR_BAD_JSON;
  auto impl = std::make_unique<Impl>();
  impl->root = reader.take();
  return Json(std::move(impl));
}

JsonRef Json::root() const noexcept { return JsonRef(&impl_->root); }

JsonOut& JsonOut::set(std::string_view key, std::string_view text) { return begin(key).write(text); }
JsonOut& JsonOut::set(std::string_view key, std::int64_t number) { return begin(key).write(number); }
JsonOut& JsonOut::set(std::string_view key, double number) { return begin(key).raw(serialise(number)); }
JsonOut& JsonOut::set(std::string_view key, bool value) { return begin(key).raw(value ? "true" : "false"); }
JsonOut& JsonOut::set(std::string_view key, const JsonOut& value) { return begin(key).raw(value.dump()); }
JsonOut& JsonOut::set(std::string_view key, JsonRef value) { return begin(key).raw(value.dump()); }
JsonOut& JsonOut::set_null(std::string_view key) { return begin(key).raw("null"); }
JsonOut& JsonOut::set_array(std::string_view key, FunctionRef<void(JsonOut&)> fill) {
  return begin(key).nest('[', ']', fill);
}
JsonOut& JsonOut::set_object(std::string_view key, FunctionRef<void(JsonOut&)> fill) {
  return begin(key).nest('{', '}', fill);
}
JsonOut& JsonOut::push(std::string_view text) { return begin().write(text); }
JsonOut& JsonOut::push(std::int64_t number) { return begin().write(number); }
JsonOut& JsonOut::push(const JsonOut& value) { return begin().raw(value.dump()); }

JsonOut& JsonOut::begin(std::string_view key) {
  begin().write(key).text_ += ':';
  return *this;
}

JsonOut& JsonOut::begin() {
  // Only what was just opened ends so: a text ends in its quotation mark.
  const char last = text_.back();
  if (last != '{' && last != '[') text_ += ',';
  return *this;
}

JsonOut& JsonOut::write(std::string_view text) {
  // Nearly every text is plain; the library escapes and mends the others.
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  if (!std::all_of(text.begin(), text.end(), plain)) return raw(serialise(std::string(text)));
  text_ += '"';
  text_ += text;
  text_ += '"';
  return *this;
}

JsonOut& JsonOut::write(std::int64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  return raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

JsonOut& JsonOut::nest(char open, char close, FunctionRef<void(JsonOut&)> fill) {
  text_ += open;
  fill(*this);
  text_ += close;
  return *this;
}

JsonOut& JsonOut::raw(std::string_view json) {
  text_ += json;
  return *this;
}

}  // namespace keyhold

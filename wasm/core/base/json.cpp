#include "base/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#define JSON_NO_IO 1  // no streams: nothing here reads or writes a file
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace keyhold {

namespace {

using Node = nlohmann::json;

const Node& as_node(const void* node) { return *static_cast<const Node*>(node); }

using Input = decltype(nlohmann::detail::input_adapter(ByteView().begin(), ByteView().end()));
using Lexer = nlohmann::detail::lexer<Node, Input>;
using Token = Lexer::token_type;

// Builds the document of the library's tokens while refusing what its own parser would let through: repeated keys, depth,
// numbers of values. That parser also makes an exception with a sentence of each error, which nobody here reads.
class StrictReader {
 public:
  StrictReader(ByteView text, std::size_t max_values)
      : lexer_(nlohmann::detail::input_adapter(text.begin(), text.end())), values_left_(max_values) {}

  /// One value, and nothing behind it.
  bool read() {
    Token token = lexer_.scan();
    for (;;) {
      switch (token) {
        case Token::begin_object:
          if (!open(Node::object())) return false;
          token = lexer_.scan();
          if (token == Token::end_object) {
            open_.pop_back();
            break;
          }
          if (!key(token)) return false;
          token = lexer_.scan();
          continue;
        case Token::begin_array:
          if (!open(Node::array())) return false;
          token = lexer_.scan();
          if (token != Token::end_array) continue;
          open_.pop_back();
          break;
        case Token::value_string:
          if (!put(std::move(lexer_.get_string()))) return false;
          break;
        default:
          if (!plain(token)) return false;
      }
      do {
        token = lexer_.scan();
        if (open_.empty()) return token == Token::end_of_input;
      } while (ends(token));
      if (token != Token::value_separator) return false;
      token = lexer_.scan();
      if (open_.back()->is_array()) continue;
      if (!key(token)) return false;
      token = lexer_.scan();
    }
  }

  Node take() { return std::move(root_); }

 private:
  bool plain(Token token) {
    switch (token) {
      case Token::literal_null: return put(nullptr);
      case Token::literal_true: return put(true);
      case Token::literal_false: return put(false);
      case Token::value_unsigned: return put(lexer_.get_number_unsigned());
      case Token::value_integer: return put(lexer_.get_number_integer());
      case Token::value_float: return std::isfinite(lexer_.get_number_float()) && put(lexer_.get_number_float());
      default: return false;
    }
  }

  bool key(Token token) {
    if (token != Token::value_string || !count()) return false;
    const auto [member, fresh] = open_.back()->emplace(std::move(lexer_.get_string()), nullptr);
    member_ = &member.value();
    return fresh && lexer_.scan() == Token::name_separator;
  }

  /// The innermost container, if this is its end.
  bool ends(Token token) {
    if (token != (open_.back()->is_array() ? Token::end_array : Token::end_object)) return false;
    open_.pop_back();
    return true;
  }

  bool count() { return values_left_ != 0 && values_left_-- != 0; }

  bool put(Node value) { return count() && place(std::move(value)) != nullptr; }

  bool open(Node container) {
    if (open_.size() >= kJsonMaxDepth || !count()) return false;
    open_.push_back(place(std::move(container)));
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

  Lexer lexer_;
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
  StrictReader reader(text, limits.max_values);
  if (!reader.read()) return Errc::ERR_BAD_JSON;
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

#include "providers/provider_json.h"

#include <array>
#include <utility>

#include "providers/path_template.h"
#include "providers/usual.h"
#include "providers/wire.h"

namespace keyhold {

namespace {

template <class T>
using Names = std::initializer_list<std::pair<std::string_view, T>>;

template <class T>
Result<T> one_of(JsonRef value, Names<T> names) {
  KEYHOLD_TRY(const auto text, value.text(kMaxFieldText));
  for (const auto& [name, meaning] : names) {
    if (name == text) return meaning;
  }
  return Errc::ERR_BAD_JSON;
}

bool visible(std::string_view text, bool space_allowed) {
  for (const char c : text) {
    if (c < ' ' || c > '~' || (c == ' ' && !space_allowed)) return false;
  }
  return true;
}

bool token(std::string_view text) {
  for (const char c : text) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-') return false;
  }
  return !text.empty();
}

// The text for people: any UTF-8, but nothing that could move or hide other text on a line.
bool printable(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return false;
  }
  return true;
}

using Check = bool (*)(std::string_view);
bool is_visible(std::string_view text) { return visible(text, false); }
bool is_line(std::string_view text) { return visible(text, true); }
bool is_anything(std::string_view) { return true; }
bool is_prefix(std::string_view text) {
  return text.size() > 1 && text[0] == '/' && text.back() == '/' && text.find('{') == std::string_view::npos &&
         is_path_template(text.substr(1));
}
bool is_rooted_template(std::string_view text) {
  return is_path_template(text.substr(!text.empty() && text[0] == '/'));
}
bool is_link(std::string_view text) { return text.substr(0, 8) == "https://" && TargetUrl::parse(text).ok(); }

Result<void> read_text(JsonRef entry, std::string_view key, std::size_t max, Check check, std::string& into) {
  const auto value = entry.find(key);
  if (!value) return {};
  KEYHOLD_TRY(const auto text, value->text(max));
  if (text.empty() || !check(text)) return Errc::ERR_BAD_JSON;
  into = text;
  return {};
}

Result<void> read_flag(JsonRef entry, std::string_view key, bool& into) {
  const auto value = entry.find(key);
  if (!value) return {};
  KEYHOLD_TRY(into, value->boolean());
  return {};
}

// Calls `item` for each element of the array `key`, if there is one.
Result<void> read_list(JsonRef entry, std::string_view key, std::size_t max, FunctionRef<Result<void>(JsonRef)> item) {
  const auto list = entry.find(key);
  if (!list) return {};
  if (list->size() > max) return Errc::ERR_BAD_JSON;
  return list->each(item);
}

Result<void> read_texts(JsonRef entry, std::string_view key, std::size_t max_items, std::size_t max_text, Check check,
                        std::vector<std::string>& into) {
  if (entry.find(key)) into.clear();
  return read_list(entry, key, max_items, [&](JsonRef item) -> Result<void> {
    KEYHOLD_TRY(const auto text, item.text(max_text));
    if (text.empty() || !check(text)) return Errc::ERR_BAD_JSON;
    into.emplace_back(text);
    return {};
  });
}

Result<Method> read_method(JsonRef value) {
  return one_of<Method>(value, {{"GET", Method::get}, {"POST", Method::post}, {"DELETE", Method::del}});
}

Result<Wire> read_wire(JsonRef value) {
  KEYHOLD_TRY(const auto text, value.text(kMaxFieldText));
  for (const Wire wire : kWires) {
    if (name(wire) == text) return wire;
  }
  return Errc::ERR_BAD_JSON;
}

Result<void> read_code(JsonRef value, Errc& into) {
  static constexpr std::array kCodes = {
      Errc::ERR_BAD_KEY,          Errc::ERR_BAD_KEY_LIKELY, Errc::ERR_NO_PERMISSION,     Errc::ERR_NO_CREDIT,
      Errc::ERR_RATE_LIMITED,     Errc::ERR_REGION,         Errc::ERR_BROWSER_FORBIDDEN, Errc::ERR_MODEL_NOT_FOUND,
      Errc::ERR_PROVIDER_REFUSED, Errc::ERR_PROVIDER_DOWN};
  KEYHOLD_TRY(const auto text, value.text(kMaxFieldText));
  for (const Errc code : kCodes) {
    if (name(code) == text) {
      into = code;
      return {};
    }
  }
  return Errc::ERR_BAD_JSON;
}

Result<void> read_auth(JsonRef entry, Provider& provider) {
  const auto auth = entry.find("auth");
  if (!auth) return {};
  KEYHOLD_CHECK(auth->only({"header", "prefix"}));
  KEYHOLD_CHECK(auth->field("header"));
  provider.auth.prefix.clear();
  KEYHOLD_CHECK(read_text(*auth, "header", kMaxFieldText, token, provider.auth.header));
  return read_text(*auth, "prefix", kMaxFieldText, is_line, provider.auth.prefix);
}

Result<void> read_headers(JsonRef entry, Provider& provider) {
  const auto headers = entry.find("headers");
  if (!headers) return {};
  if (headers->size() > kMaxListItems) return Errc::ERR_BAD_JSON;
  provider.required_headers.clear();
  return headers->each_member([&](std::string_view name, JsonRef value) -> Result<void> {
    KEYHOLD_TRY(const auto text, value.text(kMaxFieldText));
    if (!token(name) || name.size() > kMaxFieldText || text.empty() || !is_line(text)) return Errc::ERR_BAD_JSON;
    provider.required_headers.emplace_back(name, text);
    return {};
  });
}

Result<void> read_check(JsonRef entry, Provider& provider) {
  const auto check = entry.find("check");
  if (!check) return {};
  KEYHOLD_CHECK(check->only({"method", "path", "body"}));
  provider.check = {};
  if (const auto method = check->find("method")) {
    KEYHOLD_TRY(provider.check.method, read_method(*method));
  }
  if (const auto body = check->find("body")) {
    if (!body->is_object()) return Errc::ERR_BAD_JSON;
    provider.check.body = body->dump();
  }
  // Only what posts has a body, and has one.
  if ((provider.check.method == Method::post) == provider.check.body.empty()) return Errc::ERR_BAD_JSON;
  KEYHOLD_CHECK(check->field("path"));
  KEYHOLD_CHECK(read_text(*check, "path", kMaxFieldText, is_visible, provider.check.path));
  // Whatever is written there, the key goes nowhere but below the base.
  const auto url = TargetUrl::parse(provider.base.text() + provider.check.path);
  if (!url || !url->rest_within(provider.base)) return Errc::ERR_BAD_JSON;
  return {};
}

Result<void> read_rule(JsonRef item, AnswerRule& rule) {
  KEYHOLD_CHECK(item.only({"status", "field", "equals", "contains", "code"}));
  if (const auto status = item.find("status")) {
    KEYHOLD_TRY(const auto number, status->integer(200, 599));
    rule.status = static_cast<int>(number);
  }
  KEYHOLD_CHECK(read_text(item, "field", kMaxFieldText, is_visible, rule.field));
  KEYHOLD_CHECK(read_text(item, "equals", kMaxFieldText, is_anything, rule.text));
  KEYHOLD_CHECK(read_text(item, "contains", kMaxFieldText, is_anything, rule.text));
  const int tests = (item.find("equals") ? 1 : 0) + (item.find("contains") ? 1 : 0);
  if (tests != (rule.field.empty() ? 0 : 1)) return Errc::ERR_BAD_JSON;
  // A rule with neither would swallow every other one.
  if (rule.field.empty() && rule.status == 0) return Errc::ERR_BAD_JSON;
  if (tests == 1) rule.test = item.find("equals") ? AnswerRule::Test::equals : AnswerRule::Test::contains;
  KEYHOLD_TRY(const auto code, item.field("code"));
  return read_code(code, rule.code);
}

Result<void> read_call(JsonRef item, ProviderKind kind, Call& call) {
  KEYHOLD_CHECK(item.only({"method", "path", "class", "wire", "bytes"}));
  KEYHOLD_TRY(const auto method, item.field("method"));
  KEYHOLD_TRY(call.method, read_method(method));
  KEYHOLD_CHECK(item.field("path"));
  // Beside its base a provider has calls only where it is known who answers the rest of the origin.
  const Check is_template = kind == ProviderKind::catalogue ? is_rooted_template : is_path_template;
  KEYHOLD_CHECK(read_text(item, "path", kMaxFieldText, is_template, call.path));
  KEYHOLD_CHECK(read_flag(item, "bytes", call.bytes));
  KEYHOLD_TRY(const auto call_class, item.field("class"));
  KEYHOLD_TRY(call.call_class, one_of<CallClass>(call_class, {{"infer", CallClass::infer},
                                                              {"models", CallClass::models},
                                                              {"files", CallClass::files},
                                                              {"images", CallClass::images},
                                                              {"audio", CallClass::audio},
                                                              {"batch", CallClass::batch}}));
  if (const auto wire = item.find("wire")) {
    KEYHOLD_TRY(call.wire, read_wire(*wire));
  }
  return {};
}

Result<void> read_calls(JsonRef entry, std::string_view key, Provider& provider) {
  return read_list(entry, key, kMaxCalls, [&](JsonRef item) -> Result<void> {
    return read_call(item, provider.kind, provider.calls.emplace_back());
  });
}

// "setup" is for the person at the page: once allowed, it is as good as yes.
Result<void> read_browser(JsonRef entry, Provider& provider) {
  const auto browser = entry.find("browser");
  if (!browser) return {};
  KEYHOLD_TRY(provider.browser, one_of<Browser>(*browser, {{"yes", Browser::yes},
                                                           {"setup", Browser::yes},
                                                           {"unknown", Browser::unknown},
                                                           {"no", Browser::no}}));
  return {};
}

Result<void> read_cors(JsonRef entry, Provider& provider) {
  const auto cors = entry.find("cors");
  if (!cors) return {};
  KEYHOLD_CHECK(cors->only({"reflects", "headers", "opaque_401"}));
  KEYHOLD_CHECK(read_flag(*cors, "reflects", provider.cors.reflects));
  KEYHOLD_CHECK(read_texts(*cors, "headers", kMaxListItems, kMaxFieldText, token, provider.cors.headers));
  return read_flag(*cors, "opaque_401", provider.cors.opaque_401);
}

Result<void> read_chat(JsonRef entry, Provider& provider) {
  const auto chat = entry.find("chat");
  if (!chat) return {};
  KEYHOLD_CHECK(chat->only({"max_tokens_field", "ask_usage"}));
  KEYHOLD_CHECK(read_text(*chat, "max_tokens_field", kMaxFieldText, is_visible, provider.chat.max_tokens_field));
  return read_flag(*chat, "ask_usage", provider.chat.ask_usage);
}

struct ListField {
  std::string_view key;
  std::size_t max_items;
  std::size_t max_text;
  Check check;
  std::vector<std::string> Provider::*member;
};
constexpr ListField kListFields[] = {
    {"query", kMaxListItems, kMaxFieldText, is_visible, &Provider::query},
    {"key_prefixes", kMaxSteps, kMaxFieldText, is_visible, &Provider::key_prefixes},
    {"steps", kMaxSteps, kMaxStepText, printable, &Provider::steps},
};

struct TextField {
  std::string_view key;
  Check check;
  std::string Provider::*member;
};
constexpr TextField kTextFields[] = {
    {"console_url", is_link, &Provider::console_url},
    {"docs_url", is_link, &Provider::docs_url},
    {"suggested_model", is_visible, &Provider::suggested_model},
};

}  // namespace

Result<Provider> parse_provider(JsonRef entry, ProviderKind kind, const Provider* like) {
  KEYHOLD_CHECK(entry.only({"id",
                            "name",
                            "base",
                            "wire",
                            "like",
                            "browser",
                            "auth",
                            "headers",
                            "check",
                            "chat",
                            "rules",
                            "calls",
                            "also",
                            "beside",
                            "query",
                            "cors",
                            "example_base",
                            "key_prefixes",
                            "key_optional",
                            "steps",
                            "docs_url",
                            "console_url",
                            "suggested_model",
                            "login"}));
  KEYHOLD_CHECK(entry.field("id"));
  KEYHOLD_CHECK(entry.field("name"));
  std::string id;
  std::string name;
  KEYHOLD_CHECK(read_text(entry, "id", kMaxProviderId, token, id));
  KEYHOLD_CHECK(read_text(entry, "name", kMaxProviderName, printable, name));
  KEYHOLD_TRY(const auto base_field, entry.field("base"));
  KEYHOLD_TRY(const auto base_text, base_field.text(Endpoint::kMaxLength));
  const auto base = Endpoint::parse(base_text);
  // One spelling only: what the file says is what keys are sealed to.
  if (!base || base->text() != base_text) return Errc::ERR_BAD_JSON;
  Wire wire = Wire::openai_chat;
  if (const auto field = entry.find("wire")) {
    KEYHOLD_TRY(wire, read_wire(*field));
  }
  // The other's form and what is usual for it come along.
  if (like != nullptr && entry.find("wire")) return Errc::ERR_BAD_JSON;

  Provider provider = like == nullptr ? usual_provider(std::move(id), std::move(name), *base, wire)
                                      : like_provider(*like, std::move(id), std::move(name), *base);
  provider.kind = kind;
  KEYHOLD_CHECK(read_browser(entry, provider));
  KEYHOLD_CHECK(read_flag(entry, "example_base", provider.example));
  KEYHOLD_CHECK(read_auth(entry, provider));
  KEYHOLD_CHECK(read_headers(entry, provider));
  KEYHOLD_CHECK(read_check(entry, provider));
  KEYHOLD_CHECK(read_chat(entry, provider));
  if (entry.find("rules")) provider.rules.clear();
  KEYHOLD_CHECK(read_list(entry, "rules", kMaxListItems, [&](JsonRef item) -> Result<void> {
    return read_rule(item, provider.rules.emplace_back());
  }));
  if (entry.find("calls")) provider.calls.clear();
  KEYHOLD_CHECK(read_calls(entry, "calls", provider));
  KEYHOLD_CHECK(read_calls(entry, "also", provider));
  KEYHOLD_CHECK(read_texts(entry, "beside", kMaxListItems, kMaxFieldText, is_prefix, provider.beside));
  // Who answers the rest of an origin is known of the built-in ones only.
  if (kind != ProviderKind::catalogue && !provider.beside.empty()) return Errc::ERR_BAD_JSON;
  // An example's calls are those of the endpoints that are like it.
  if (provider.browser == Browser::no) provider.calls.clear();
  KEYHOLD_CHECK(read_cors(entry, provider));
  KEYHOLD_CHECK(read_flag(entry, "key_optional", provider.key_optional));
  if (const auto login = entry.find("login")) {
    provider.login = login->dump();
    std::string style;
    KEYHOLD_CHECK(read_text(*login, "style", kMaxFieldText, is_visible, style));
    provider.login_wants_client = style != "openrouter";
  }
  for (const ListField& field : kListFields) {
    KEYHOLD_CHECK(read_texts(entry, field.key, field.max_items, field.max_text, field.check, provider.*field.member));
  }
  for (const TextField& field : kTextFields) {
    KEYHOLD_CHECK(read_text(entry, field.key, kMaxFieldText, field.check, provider.*field.member));
  }
  return provider;
}

}  // namespace keyhold

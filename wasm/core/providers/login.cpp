#include "providers/login.h"

#include <algorithm>

#include "base/json.h"

namespace keyhold {

namespace {

using Style = Login::Style;

// Everything but RFC 3986's unreserved characters.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    if (letter || (byte >= '0' && byte <= '9') || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

// Of visible ASCII, which needs no other escape.
std::string json_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Over https, or on this computer; what is asked there is added by us.
bool is_address(std::string_view text) {
  const auto url = TargetUrl::parse(text);
  return url && url->query.empty() && url->text() == text;
}

bool is_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

constexpr std::string_view kJsonSpace = " \t\r\n";

/// The text of the outermost member `name` of a JSON object, as it is written. Every text in the document is written over,
/// names apart: what reads the rest makes copies, and some answers have other tokens beside the key. Of what is no JSON
/// anything may come: the reader of the rest refuses it.
SecretBytes take_text(std::span<std::uint8_t> document, std::string_view name) {
  SecretBytes taken;
  int depth = 0;
  bool named = false;  // the next text is that member's
  for (std::size_t at = 0; at < document.size(); ++at) {
    const std::uint8_t c = document[at];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::size_t begin = ++at;
    while (at < document.size() && document[at] != '"') at += document[at] == '\\' ? 2 : 1;
    at = std::min(at, document.size());
    const std::span<std::uint8_t> text = document.subspan(begin, at - begin);
    std::size_t next = at + 1;
    while (next < document.size() && kJsonSpace.find(static_cast<char>(document[next])) != std::string_view::npos)
      ++next;
    if (next < document.size() && document[next] == ':') {
      named = depth == 1 && as_text(text) == name;
      continue;
    }
    if (named) taken = SecretBytes::copy_of(text);
    named = false;
    std::fill(text.begin(), text.end(), 'x');
  }
  return taken;
}

}  // namespace

Result<Login> parse_login(std::string_view json) {
  KEYHOLD_TRY(const Json parsed, Json::parse(as_bytes(json), {.max_bytes = kMaxLoginBytes, .max_values = 16}));
  const JsonRef root = parsed.root();
  KEYHOLD_CHECK(root.only({"style", "authorize", "exchange", "scope"}));
  Login login{};
  const auto read = [&](std::string_view name, std::string& into) -> Result<void> {
    KEYHOLD_TRY(const JsonRef value, root.field(name));
    KEYHOLD_TRY(const std::string_view text, value.text(kMaxLoginText));
    if (text.empty()) return Errc::ERR_BAD_JSON;
    into = text;
    return {};
  };
  std::string style;
  KEYHOLD_CHECK(read("style", style));
  KEYHOLD_CHECK(read("authorize", login.authorize));
  KEYHOLD_CHECK(read("exchange", login.exchange));
  if (root.find("scope")) KEYHOLD_CHECK(read("scope", login.scope));
  login.style = style == "openrouter" ? Style::openrouter : Style::oauth;
  const bool known = style == "openrouter" || style == "oauth";
  if (!known || !is_address(login.authorize) || !is_address(login.exchange) || !is_line(login.scope)) {
    return Errc::ERR_BAD_JSON;
  }
  return login;
}

std::string authorize_url(const LoginTerms& terms, std::string_view state, std::string_view challenge) {
  std::string url = terms.login.authorize;
  const auto add = [&](char before, std::string_view name, std::string_view value) {
    url += before;
    url += name;
    url += '=';
    url += percent_encoded(value);
  };
  if (terms.login.style == Style::openrouter) {
    // It knows no state, and comes back to whatever address it was given.
    add('?', "callback_url", std::string(terms.callback) + "?state=" + std::string(state));
  } else {
    add('?', "response_type", "code");
    add('&', "client_id", terms.client);
    add('&', "redirect_uri", terms.callback);
    if (!terms.login.scope.empty()) add('&', "scope", terms.login.scope);
    add('&', "state", state);
  }
  add('&', "code_challenge", challenge);
  add('&', "code_challenge_method", "S256");
  return url;
}

bool is_login_code(std::string_view code) noexcept {
  return !code.empty() && code.size() <= kMaxLoginCodeBytes &&
         std::all_of(code.begin(), code.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Outgoing exchange_request(const LoginTerms& terms, std::string_view code, const SecretBytes& verifier) {
  // REVEAL: into the one request it was made for. It is base64url: nothing in it needs an escape.
  const std::string proof(as_text(verifier.reveal()));
  const bool own = terms.login.style == Style::openrouter;
  std::string body = own ? R"({"code":")" + json_escaped(code) + R"(","code_verifier":")" + proof +
                               R"(","code_challenge_method":"S256"})"
                         : "grant_type=authorization_code&code=" + percent_encoded(code) +
                               "&redirect_uri=" + percent_encoded(terms.callback) +
                               "&client_id=" + percent_encoded(terms.client) + "&code_verifier=" + proof;
  const char* type = own ? "application/json" : "application/x-www-form-urlencoded";
  return {
      Method::post, terms.login.exchange, {{"accept", "application/json"}, {"content-type", type}}, std::move(body)};
}

Result<void> LoginAnswer::feed(ByteView bytes) {
  if (bytes.size() > bytes_.size() - size_) return Errc::ERR_TOO_LARGE;
  std::copy(bytes.begin(), bytes.end(), bytes_.fill().begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += bytes.size();
  return {};
}

Result<LoginGrant> read_grant(Style style, const LoginAnswer& answer) {
  const std::string_view name = style == Style::openrouter ? "key" : "access_token";
  // REVEAL: into a copy that is wiped, to take the key out of.
  SecretBytes document = SecretBytes::copy_of(answer.reveal());
  SecretBytes key = take_text(document.fill(), name);
  // REVEAL: what is left has no text in it.
  const auto rest = Json::parse(document.reveal(), {.max_bytes = kMaxLoginAnswerBytes, .max_values = kMaxGrantValues});
  if (!rest) return Errc::ERR_BAD_ANSWER;
  const auto member = rest->root().find(name);
  if (!member) return rest->root().find("error") ? Errc::ERR_LOGIN_REFUSED : Errc::ERR_BAD_ANSWER;
  const auto text = member->text(kMaxLoginAnswerBytes);
  // What was taken is what a strict reader takes for it; and no key needs an escape.
  // REVEAL: looked through for one.
  const std::string_view written = as_text(key.reveal());
  if (!text || text->size() != key.size() || written.find('\\') != std::string_view::npos) return Errc::ERR_BAD_ANSWER;
  const auto expires_in = rest->root().find("expires_in");
  const auto seconds = expires_in ? expires_in->integer(1, kMaxKeyLifeS) : Result<std::int64_t>(Errc::ERR_NOT_FOUND);
  return LoginGrant{std::move(key), seconds ? std::optional(*seconds) : std::nullopt};
}

Errc diagnose_login(const Provider& provider, const AnswerSeen& answer) {
  const auto problem = diagnose_answer(provider, answer);
  switch (problem ? problem->code : Errc::ERR_BAD_ANSWER) {
    case Errc::ERR_RATE_LIMITED:
    case Errc::ERR_PROVIDER_DOWN:
    case Errc::ERR_REGION:
    case Errc::ERR_TIMEOUT:
    case Errc::ERR_BAD_ANSWER: return problem ? problem->code : Errc::ERR_BAD_ANSWER;
    // Of the code, the verifier, or who asks: what was said of keys and models is not meant.
    default: return Errc::ERR_LOGIN_REFUSED;
  }
}

}  // namespace keyhold

#include "providers/login.h"

#include <algorithm>
#include <charconv>

#include "base/json_member.h"

namespace keyhold {

namespace {

using Style = Provider::Login::Style;

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

SecretBytes joined(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  SecretBytes all(size);
  auto at = all.fill().begin();
  for (const std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
  return all;
}

std::optional<std::int64_t> lifetime(std::optional<std::string_view> written) {
  std::int64_t seconds = 0;
  if (!written) return std::nullopt;
  const auto [end, error] = std::from_chars(written->data(), written->data() + written->size(), seconds);
  // Not a whole number of seconds, or none that means anything: unknown.
  if (error != std::errc() || end != written->data() + written->size() || seconds < 1) return std::nullopt;
  return std::min(seconds, kMaxKeyLifeS);
}

}  // namespace

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

Outgoing exchange_request(const Provider::Login& login) {
  const char* type = login.style == Style::openrouter ? "application/json" : "application/x-www-form-urlencoded";
  return {Method::post, login.exchange, {{"accept", "application/json"}, {"content-type", type}}, std::nullopt};
}

SecretBytes exchange_body(const LoginTerms& terms, std::string_view code, const SecretBytes& verifier) {
  // REVEAL: into the one request it was made for. It is base64url: nothing in it needs an escape.
  const std::string_view proof = as_text(verifier.reveal());
  if (terms.login.style == Style::openrouter) {
    return joined(
        {R"({"code":")", json_escaped(code), R"(","code_verifier":")", proof, R"(","code_challenge_method":"S256"})"});
  }
  return joined({"grant_type=authorization_code&code=", percent_encoded(code),
                 "&redirect_uri=", percent_encoded(terms.callback), "&client_id=", percent_encoded(terms.client),
                 "&code_verifier=", proof});
}

Result<void> LoginAnswer::feed(ByteView bytes) {
  if (bytes.size() > bytes_.size() - size_) return Errc::ERR_TOO_LARGE;
  std::copy(bytes.begin(), bytes.end(), bytes_.fill().begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += bytes.size();
  return {};
}

Result<LoginGrant> read_grant(Style style, const LoginAnswer& answer) {
  // REVEAL: to take the key out.
  const std::string_view document = as_text(answer.reveal());
  const auto key = json_member(document, style == Style::openrouter ? "key" : "access_token");
  const auto life = json_member(document, "expires_in");
  const auto error = json_member(document, "error");
  if (!key || !life || !error) return Errc::ERR_BAD_ANSWER;
  if (!*key) return *error ? Errc::ERR_LOGIN_REFUSED : Errc::ERR_BAD_ANSWER;
  auto text = json_secret_text(**key);
  if (!text) return Errc::ERR_BAD_ANSWER;
  return LoginGrant{*std::move(text), lifetime(*life)};
}

Problem diagnose_login(const Provider& provider, const AnswerSeen& answer) {
  Problem problem = diagnose_answer(provider, answer).value_or(Problem{Errc::ERR_BAD_ANSWER, answer.status, {}});
  switch (problem.code) {
    case Errc::ERR_RATE_LIMITED:
    case Errc::ERR_PROVIDER_DOWN:
    case Errc::ERR_REGION:
    case Errc::ERR_TIMEOUT:
    case Errc::ERR_BAD_ANSWER: break;
    // Of the code, the verifier, or who asks: what was said of keys and models is not meant.
    default: problem.code = Errc::ERR_LOGIN_REFUSED;
  }
  return problem;
}

}  // namespace keyhold

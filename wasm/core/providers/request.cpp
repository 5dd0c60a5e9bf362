#include "providers/request.h"

#include <algorithm>
#include <utility>

#include "providers/multipart.h"
#include "providers/wire/forms.h"

namespace keyhold {

namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxHeaderName) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool is_value(std::string_view value) {
  if (value.size() > kMaxHeaderValue) return false;
  for (const char c : value) {
    if ((c < ' ' || c > '~') && c != '\t') return false;
  }
  return true;
}

bool is_json_type(std::string_view content_type) {
  const auto type = lowered(content_type.substr(0, content_type.find(';')));
  return type.substr(0, type.find_last_not_of(" \t") + 1) == "application/json";
}

// Never let through, whatever a profile says: credentials, cookies and what SDKs tell about their users.
bool is_barred(std::string_view name, const Provider& provider) {
  static constexpr std::string_view kBarred[] = {"authorization",  "proxy-authorization",
                                                 "x-api-key",      "api-key",
                                                 "x-goog-api-key", "cookie",
                                                 "cookie2",        "host",
                                                 "origin",         "referer",
                                                 "user-agent"};
  return name == provider.auth.header || std::find(std::begin(kBarred), std::end(kBarred), name) != std::end(kBarred) ||
         starts_with(name, "x-stainless-") || starts_with(name, "sec-") || starts_with(name, "proxy-");
}

bool passes(std::string_view name, const Provider& provider) {
  if (name == "accept") return true;  // needs no preflight anywhere
  const auto& listed = provider.cors.headers;
  return std::find(listed.begin(), listed.end(), name) != listed.end() && !is_barred(name, provider);
}

bool has(const Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
}

// `content_type` is what the caller says of the body, if anything.
Result<Headers> outgoing_headers(const Headers& headers, const Provider& provider,
                                 std::optional<std::string>& content_type) {
  if (headers.size() > kMaxHeaders) return Errc::ERR_BAD_REQUEST;
  Headers out;
  for (const auto& [caller_name, value] : headers) {
    if (!is_name(caller_name) || !is_value(value)) return Errc::ERR_BAD_REQUEST;
    const std::string name = lowered(caller_name);
    if (name == "content-encoding") return Errc::ERR_BAD_REQUEST;
    if (name == "content-type") {
      if (content_type) return Errc::ERR_BAD_REQUEST;
      content_type = value;
    } else if (passes(name, provider)) {
      out.emplace_back(name, value);
    }
  }
  for (const auto& required : provider.required_headers) {
    if (!has(out, required.first)) out.push_back(required);
  }
  return out;
}

bool is_set(JsonRef object, std::string_view key) {
  const auto value = object.find(key);
  const auto flag = value ? value->boolean() : Result<bool>(Errc::ERR_BAD_JSON);
  return flag && *flag;
}

bool must_ask_usage(const Match& match, JsonRef body) {
  constexpr std::string_view kCompletions = "completions";
  const std::string_view path = match.call->path;
  if (!match.provider->chat.ask_usage || match.call->wire != Wire::openai_chat || !is_set(body, "stream")) return false;
  if (path.size() < kCompletions.size() || path.substr(path.size() - kCompletions.size()) != kCompletions) return false;
  const auto options = body.find("stream_options");
  return !options || !is_set(*options, "include_usage");
}

std::string with_usage_asked(JsonRef body) {
  JsonOut out = JsonOut::object();
  const auto copy_but = [](JsonRef from, JsonOut& to, std::string_view left_out) {
    (void)from.each_member([&](std::string_view key, JsonRef value) -> Result<void> {
      if (key != left_out) to.set(key, value);
      return {};
    });
  };
  copy_but(body, out, "stream_options");
  out.set_object("stream_options", [&](JsonOut& options) {
    if (const auto given = body.find("stream_options")) copy_but(*given, options, "include_usage");
    options.set("include_usage", true);
  });
  return out.dump();
}

// Writes body and content type into `out`.
Result<void> put_body(const Match& match, const CallerBody& body, const std::optional<std::string>& content_type,
                      Outgoing& out) {
  const Call& call = *match.call;
  if (body.size == 0) return {};
  if (call.method == Method::get) return Errc::ERR_BAD_REQUEST;
  const bool form = call.takes_form() && content_type && is_form_type(*content_type);
  if (call.bytes || form) {
    if (body.size > kMaxUploadBytes) return Errc::ERR_TOO_LARGE;
    if (!call.bytes) {
      const auto boundary = form_boundary(*content_type);
      if (!boundary || !is_form(*boundary, body.begin, body.end.empty() ? body.begin : body.end)) {
        return Errc::ERR_BAD_REQUEST;
      }
    }
    out.passes_body = true;
    if (content_type) out.headers.emplace_back("content-type", *content_type);
    return {};
  }
  if ((content_type && !is_json_type(*content_type)) || body.begin.size() != body.size) return Errc::ERR_BAD_REQUEST;
  KEYHOLD_TRY(const auto document, Json::parse(body.begin, {.max_bytes = kMaxBodyBytes, .max_values = kMaxBodyValues}));
  const JsonRef root = document.root();
  if (out.model.empty()) note_model(out.model, text_at(root, "model"));
  out.usage_injected = must_ask_usage(match, root);
  out.body = out.usage_injected ? with_usage_asked(root) : root.dump();
  out.headers.emplace_back("content-type", "application/json");
  return {};
}

bool may_be_seen(std::string_view name) {
  // What a browser shows of any answer, and what SDKs read.
  static constexpr std::string_view kSeen[] = {"cache-control",   "expires",         "last-modified",    "pragma",
                                               "content-type",    "content-length",  "content-language", "retry-after",
                                               "retry-after-ms",  "x-should-retry",  "request-id",       "x-request-id",
                                               "x-generation-id", "x-provider-name", "x-groq-region",    "cf-ray"};
  if (std::find(std::begin(kSeen), std::end(kSeen), name) != std::end(kSeen)) return true;
  for (const std::string_view start : {"x-ratelimit-", "openai-", "anthropic-", "x-goog-upload-"}) {
    if (starts_with(name, start)) return true;
  }
  return false;
}

}  // namespace

Result<Outgoing> caller_request(const Match& match, const TargetUrl& url, const Headers& headers,
                                const CallerBody& body) {
  std::optional<std::string> content_type;
  KEYHOLD_TRY(auto out_headers, outgoing_headers(headers, *match.provider, content_type));
  Outgoing out{match.call->method, url.text(), std::move(out_headers), std::nullopt, match.model};
  KEYHOLD_CHECK(put_body(match, body, content_type, out));
  return out;
}

SecretBytes auth_value(const Provider& provider, const SecretBytes& key) {
  const ByteView prefix = as_bytes(provider.auth.prefix);
  SecretBytes value(prefix.size() + key.size());
  const ByteView secret = key.reveal();  // REVEAL: into the one header that carries it
  std::copy(secret.begin(), secret.end(), std::copy(prefix.begin(), prefix.end(), value.fill().begin()));
  return value;
}

Result<Headers> caller_headers(const Headers& received, const ReflectionScanner* watch) {
  Headers out;
  for (const auto& [received_name, value] : received) {
    std::string name = lowered(received_name);
    if (!may_be_seen(name)) continue;
    if (watch != nullptr && (watch->occurs_in(as_bytes(value)) || watch->occurs_in(as_bytes(received_name)))) {
      return Errc::ERR_KEY_REFLECTED;
    }
    if (is_name(name) && value.size() <= kMaxHeaderValue && out.size() < kMaxHeaders) {
      out.emplace_back(std::move(name), value);
    }
  }
  return out;
}

}  // namespace keyhold

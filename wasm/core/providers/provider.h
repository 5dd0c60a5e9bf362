// provider: what is known of one provider. Plain data; provider_json reads it, nothing here decides.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "providers/endpoint.h"

namespace keyhold {

/// Header names are compared without regard to case; ours are lower-case.
using Headers = std::vector<std::pair<std::string, std::string>>;

enum class Method : std::uint8_t { get, post, del };
/// "GET", "POST", "DELETE"
std::string_view name(Method method) noexcept;
/// ERR_BAD_REQUEST for any other method.
Result<Method> parse_method(std::string_view text);

/// The forms of question and answer that Keyhold itself can write and read.
enum class Wire : std::uint8_t { openai_chat, openai_responses, anthropic, gemini, cohere, ollama };
inline constexpr std::array kWires = {Wire::openai_chat, Wire::openai_responses, Wire::anthropic,
                                      Wire::gemini,      Wire::cohere,           Wire::ollama};
/// As in the catalogue and the protocol: "openai-chat", "openai-responses", "anthropic", "gemini", "cohere", "ollama".
std::string_view name(Wire wire) noexcept;

/// catalogue: built in. site: from keyhold.config.json. custom: typed in by the user.
enum class ProviderKind { catalogue, site, custom };
std::string_view name(ProviderKind kind) noexcept;

/// What a call is for. A grant to a host page covers `infer` and `models`; each other class is asked for by itself.
enum class CallClass : std::uint8_t { infer, models, files, images, audio, batch };

/// One kind of call that may be made of a provider. What is not listed is refused.
struct Call {
  Method method{};
  /// Below the base, "models/{model}:generateContent": {model} or {id} stands for one segment or a part of it. With a '/'
  /// at its beginning, from the root of the base's origin (built-in providers only).
  std::string path;
  CallClass call_class{};
  /// Form of the answer; none: passed on without reading usage.
  std::optional<Wire> wire{};
  /// The body is a file, or a piece of one, and goes out as it is, whatever its type.
  bool bytes = false;

  /// Files, pictures and sound come in multipart/form-data.
  bool takes_form() const noexcept {
    return call_class == CallClass::files || call_class == CallClass::images || call_class == CallClass::audio;
  }
};

/// How one answer of a provider is to be understood. The first rule that fits decides, then the status alone.
struct AnswerRule {
  enum class Test { none, equals, contains };
  /// 0: any status of 400 and above. A rule for 2xx is looked at for checks only.
  int status = 0;
  Test test = Test::none;
  /// Dotted path in the JSON body; an array on the way stands for each of its elements.
  std::string field;
  std::string text;
  Errc code{};
};

/// Whether a web page may call a provider: yes, also where somebody has to allow it first; unknown: nobody has tried;
/// no: it is listed so that a person learns why it cannot be used.
enum class Browser { yes, unknown, no };
std::string_view name(Browser browser) noexcept;

struct Provider {
  std::string id;
  std::string name;
  Endpoint base;
  ProviderKind kind;
  Wire wire;
  /// The entry this one is as, but for what it says itself; "" if none.
  std::string like;
  Browser browser;
  /// The base only shows what one looks like: users have their own, and add an endpoint that is like this entry.
  bool example;

  struct Auth {
    std::string header;  // lower-case
    std::string prefix;  // "Bearer ", or empty
  } auth;
  /// Sent with every request.
  Headers required_headers;

  struct Check {
    Method method;
    std::string path;  // below the base, with its query
    /// JSON that asks for a model nobody has: whoever has a good key is told so, and pays nothing. "": without a body.
    std::string body;
  } check;
  std::vector<AnswerRule> rules;

  struct Chat {
    /// The name of the field that bounds the answer (OpenAI wire only).
    std::string max_tokens_field;
    /// Usage has to be asked for by stream_options (OpenAI wire only).
    bool ask_usage;
  } chat;

  std::vector<Call> calls;
  /// Paths of the base's origin, "/v1/", below which the same calls may be made (built-in providers only).
  std::vector<std::string> beside;
  /// Names of query parameters that may be sent.
  std::vector<std::string> query;

  struct Cors {
    /// The preflight lets any request header pass.
    bool reflects = false;
    /// Request headers of callers that are passed on, lower-case; the preflight must let them through.
    std::vector<std::string> headers;
    /// The answer to a wrong key cannot be read in a browser: it looks like a network failure.
    bool opaque_401 = false;
  } cors;

  std::vector<std::string> key_prefixes;
  bool key_optional = false;
  /// For a person; empty where there is none.
  std::string console_url;
  std::string docs_url;
  std::vector<std::string> steps;
  std::string suggested_model;

  /// Where the provider gives a key to somebody who logs in there, as the list has it: JSON for parse_login(), which comes
  /// with the first login (wasm/split). "": nowhere.
  std::string login;
  /// Of a login: the site needs a client id for it.
  bool login_wants_client = false;

  /// Keys can be stored for it, and sent to it.
  bool usable() const noexcept { return browser != Browser::no && !example; }
};

/// A call under way keeps its provider alive while the catalogue changes.
using ProviderRef = std::shared_ptr<const Provider>;

/// An endpoint of the user's own: as another provider is, or OpenAI-compatible. Works without a key when it is on this
/// computer.
Provider custom_provider(std::string id, std::string name, Endpoint base, const Provider* like = nullptr);

}  // namespace keyhold

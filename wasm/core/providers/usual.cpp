#include "providers/usual.h"

#include <optional>
#include <span>
#include <utility>

#include "providers/wire.h"

namespace keyhold {

namespace {

struct UsualCall {
  const char* path;
  bool read;  // the answer has the form of the wire
  CallClass call_class = CallClass::infer;
};

constexpr UsualCall kOpenAiChatCalls[] = {{"chat/completions", true},
                                          {"completions", true},
                                          {"embeddings", true},
                                          {"responses", false},
                                          {"images/generations", false, CallClass::images},
                                          {"images/edits", false, CallClass::images},
                                          {"audio/speech", false, CallClass::audio},
                                          {"audio/transcriptions", false, CallClass::audio},
                                          {"audio/translations", false, CallClass::audio}};
constexpr UsualCall kAnthropicCalls[] = {{"messages", true}, {"messages/count_tokens", false}};
constexpr UsualCall kGeminiCalls[] = {{"models/{model}:generateContent", true},
                                      {"models/{model}:streamGenerateContent", true},
                                      {"models/{model}:countTokens", false},
                                      {"models/{model}:embedContent", false},
                                      {"models/{model}:batchEmbedContents", false}};

void allow(Provider& provider, std::span<const UsualCall> calls) {
  for (const UsualCall& call : calls) {
    const auto wire = call.read ? std::optional(provider.wire) : std::nullopt;
    provider.calls.push_back({Method::post, call.path, call.call_class, wire});
  }
  for (const char* path : {"models", "models/{model}"}) {
    provider.calls.push_back({Method::get, path, CallClass::models, std::nullopt});
  }
}

void fill_openai_chat(Provider& provider) {
  provider.auth = {"authorization", "Bearer "};
  allow(provider, kOpenAiChatCalls);
}

void fill_anthropic(Provider& provider) {
  provider.auth = {"x-api-key", ""};
  provider.required_headers = {{"anthropic-version", "2023-06-01"},
                               {"anthropic-dangerous-direct-browser-access", "true"}};
  allow(provider, kAnthropicCalls);
  for (const char* name : {"beta", "limit", "after_id", "before_id"}) provider.query.emplace_back(name);
  for (const char* name : {"anthropic-version", "anthropic-beta"}) provider.cors.headers.emplace_back(name);
}

void fill_gemini(Provider& provider) {
  provider.auth = {"x-goog-api-key", ""};
  allow(provider, kGeminiCalls);
  for (const char* name : {"alt", "pageSize", "pageToken"}) provider.query.emplace_back(name);
}

}  // namespace

Provider usual_provider(std::string id, std::string name, Endpoint base, Wire wire) {
  Provider provider{.id = std::move(id),
                    .name = std::move(name),
                    .base = std::move(base),
                    .kind = ProviderKind::site,
                    .wire = wire,
                    .auth = {},
                    .required_headers = {},
                    .check = {Method::get, std::string(models_path(wire))},
                    .rules = {},
                    .chat = {"max_tokens", true},
                    .calls = {},
                    .beside = {},
                    .query = {},
                    .cors = {},
                    .key_prefixes = {},
                    .key_optional = false,
                    .console_url = {},
                    .docs_url = {},
                    .steps = {},
                    .suggested_model = {}};
  switch (wire) {
    case Wire::openai_chat: fill_openai_chat(provider); break;
    case Wire::anthropic: fill_anthropic(provider); break;
    case Wire::gemini: fill_gemini(provider); break;
  }
  return provider;
}

}  // namespace keyhold

#include "providers/usual.h"

#include <utility>

#include "providers/wire.h"

namespace keyhold {

namespace {

Call call(Method method, std::string path, CallClass call_class, std::optional<Wire> wire = std::nullopt) {
  return {method, std::move(path), call_class, wire};
}

void fill_openai_chat(Provider& provider) {
  provider.auth = {"authorization", "Bearer "};
  provider.calls.push_back(call(Method::post, "chat/completions", CallClass::infer, Wire::openai_chat));
  provider.calls.push_back(call(Method::post, "completions", CallClass::infer, Wire::openai_chat));
  provider.calls.push_back(call(Method::post, "embeddings", CallClass::infer, Wire::openai_chat));
  provider.calls.push_back(call(Method::post, "responses", CallClass::infer));
}

void fill_anthropic(Provider& provider) {
  provider.auth = {"x-api-key", ""};
  provider.required_headers = {{"anthropic-version", "2023-06-01"},
                               {"anthropic-dangerous-direct-browser-access", "true"}};
  provider.calls.push_back(call(Method::post, "messages", CallClass::infer, Wire::anthropic));
  provider.calls.push_back(call(Method::post, "messages/count_tokens", CallClass::infer));
  provider.query = {"beta", "limit", "after_id", "before_id"};
  provider.cors.headers = {"anthropic-version", "anthropic-beta"};
}

void fill_gemini(Provider& provider) {
  provider.auth = {"x-goog-api-key", ""};
  for (const char* action : {"generateContent", "streamGenerateContent"}) {
    provider.calls.push_back(
        call(Method::post, std::string("models/{model}:") + action, CallClass::infer, Wire::gemini));
  }
  for (const char* action : {"countTokens", "embedContent", "batchEmbedContents"}) {
    provider.calls.push_back(call(Method::post, std::string("models/{model}:") + action, CallClass::infer));
  }
  provider.query = {"alt", "pageSize", "pageToken"};
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
  provider.calls.push_back(call(Method::get, "models", CallClass::models));
  provider.calls.push_back(call(Method::get, "models/{model}", CallClass::models));
  return provider;
}

}  // namespace keyhold

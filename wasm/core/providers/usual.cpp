#include "providers/usual.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "providers/wire.h"

namespace keyhold {

namespace {

struct UsualCall {
  Method method{};
  CallClass call_class{};
  /// Form of the answer, so that its usage can be read.
  std::optional<Wire> wire{};
  const char* path = nullptr;
};

using enum CallClass;
constexpr Method kGet = Method::get;
constexpr Method kPost = Method::post;
constexpr Method kDelete = Method::del;
constexpr std::optional<Wire> kUnread = std::nullopt;

// Whoever took over a part of OpenAI's interface refuses the rest by itself.
constexpr UsualCall kOpenAiCalls[] = {
    {kPost, infer, Wire::openai_chat, "chat/completions"},
    {kPost, infer, Wire::openai_responses, "responses"},
    {kPost, infer, kUnread, "responses/input_tokens"},
    {kPost, infer, kUnread, "responses/compact"},
    {kGet, infer, kUnread, "responses/{id}"},
    {kGet, infer, kUnread, "responses/{id}/input_items"},
    {kPost, infer, kUnread, "responses/{id}/cancel"},
    {kDelete, infer, kUnread, "responses/{id}"},
    {kPost, infer, Wire::openai_chat, "completions"},
    {kPost, infer, Wire::openai_chat, "embeddings"},
    {kPost, infer, kUnread, "moderations"},
    {kPost, infer, kUnread, "rerank"},
    {kPost, images, kUnread, "images/generations"},
    {kPost, images, kUnread, "images/edits"},
    {kPost, images, kUnread, "images/variations"},
    {kPost, audio, kUnread, "audio/speech"},
    {kPost, audio, kUnread, "audio/transcriptions"},
    {kPost, audio, kUnread, "audio/translations"},
    {kPost, files, kUnread, "files"},
    {kGet, files, kUnread, "files"},
    {kGet, files, kUnread, "files/{id}"},
    {kGet, files, kUnread, "files/{id}/content"},
    {kDelete, files, kUnread, "files/{id}"},
    {kPost, files, kUnread, "uploads"},
    {kPost, files, kUnread, "uploads/{id}/parts"},
    {kPost, files, kUnread, "uploads/{id}/complete"},
    {kPost, files, kUnread, "uploads/{id}/cancel"},
    {kPost, batch, kUnread, "batches"},
    {kGet, batch, kUnread, "batches"},
    {kGet, batch, kUnread, "batches/{id}"},
    {kPost, batch, kUnread, "batches/{id}/cancel"},
    {kGet, models, kUnread, "models"},
    {kGet, models, kUnread, "models/{model}"},
    {kGet, models, kUnread, "models/{model}/{model}"},
};

constexpr UsualCall kAnthropicCalls[] = {
    {kPost, infer, Wire::anthropic, "messages"},
    {kPost, infer, kUnread, "messages/count_tokens"},
    {kPost, batch, kUnread, "messages/batches"},
    {kGet, batch, kUnread, "messages/batches"},
    {kGet, batch, kUnread, "messages/batches/{id}"},
    {kGet, batch, kUnread, "messages/batches/{id}/results"},
    {kPost, batch, kUnread, "messages/batches/{id}/cancel"},
    {kDelete, batch, kUnread, "messages/batches/{id}"},
    {kGet, files, kUnread, "files"},
    {kPost, files, kUnread, "files"},
    {kGet, files, kUnread, "files/{id}"},
    {kGet, files, kUnread, "files/{id}/content"},
    {kDelete, files, kUnread, "files/{id}"},
    {kGet, models, kUnread, "models"},
    {kGet, models, kUnread, "models/{model}"},
};

constexpr UsualCall kGeminiCalls[] = {
    {kPost, infer, Wire::gemini, "models/{model}:generateContent"},
    {kPost, infer, Wire::gemini, "models/{model}:streamGenerateContent"},
    {kPost, infer, kUnread, "models/{model}:countTokens"},
    {kPost, infer, kUnread, "models/{model}:embedContent"},
    {kPost, infer, kUnread, "models/{model}:batchEmbedContents"},
    {kPost, infer, kUnread, "interactions"},
    {kGet, infer, kUnread, "interactions/{id}"},
    {kPost, infer, kUnread, "interactions/{id}/cancel"},
    {kDelete, infer, kUnread, "interactions/{id}"},
    {kPost, images, kUnread, "models/{model}:predict"},
    {kPost, batch, kUnread, "models/{model}:batchGenerateContent"},
    {kPost, batch, kUnread, "models/{model}:asyncBatchEmbedContent"},
    {kGet, batch, kUnread, "batches"},
    {kGet, batch, kUnread, "batches/{id}"},
    {kPost, batch, kUnread, "batches/{id}:cancel"},
    {kDelete, batch, kUnread, "batches/{id}"},
    {kGet, files, kUnread, "files"},
    {kGet, files, kUnread, "files/{id}"},
    {kGet, files, kUnread, "files/{id}:download"},
    {kDelete, files, kUnread, "files/{id}"},
    {kGet, models, kUnread, "models"},
    {kGet, models, kUnread, "models/{model}"},
};

constexpr UsualCall kCohereCalls[] = {
    {kPost, infer, Wire::cohere, "v2/chat"},   {kPost, infer, Wire::cohere, "v2/embed"},
    {kPost, infer, Wire::cohere, "v2/rerank"}, {kPost, infer, kUnread, "v1/tokenize"},
    {kGet, models, kUnread, "v1/models"},      {kGet, models, kUnread, "v1/models/{model}"},
};

// Not those that load, change or remove models.
constexpr UsualCall kOllamaCalls[] = {
    {kPost, infer, Wire::ollama, "api/chat"},
    {kPost, infer, Wire::ollama, "api/generate"},
    {kPost, infer, kUnread, "api/embed"},
    {kPost, infer, Wire::openai_chat, "v1/chat/completions"},
    {kPost, infer, Wire::openai_responses, "v1/responses"},
    {kPost, infer, Wire::openai_chat, "v1/completions"},
    {kPost, infer, Wire::openai_chat, "v1/embeddings"},
    {kGet, models, kUnread, "api/tags"},
    {kGet, models, kUnread, "api/ps"},
    {kGet, models, kUnread, "api/version"},
    {kPost, models, kUnread, "api/show"},
    {kGet, models, kUnread, "v1/models"},
    {kGet, models, kUnread, "v1/models/{model}"},
};

void allow(Provider& provider, std::span<const UsualCall> calls, std::initializer_list<const char*> query) {
  for (const UsualCall& call : calls) provider.calls.push_back({call.method, call.path, call.call_class, call.wire});
  provider.query.assign(query.begin(), query.end());
}

}  // namespace

Provider usual_provider(std::string id, std::string name, Endpoint base, Wire wire) {
  Provider provider{.id = std::move(id),
                    .name = std::move(name),
                    .base = std::move(base),
                    .kind = ProviderKind::site,
                    .wire = wire,
                    .like = {},
                    .browser = Browser::yes,
                    .example = false,
                    .auth = {"authorization", "Bearer "},
                    .required_headers = {},
                    .check = {Method::get, std::string(models_path(wire)), {}},
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
                    .suggested_model = {},
                    .login = {},
                    .login_wants_client = false};
  switch (wire) {
    case Wire::openai_chat:
    case Wire::openai_responses:
      allow(provider, kOpenAiCalls,
            {"after", "before", "include%5B%5D", "include_obfuscation", "limit", "order", "purpose", "starting_after",
             "stream"});
      break;
    case Wire::anthropic:
      allow(provider, kAnthropicCalls, {"beta", "limit", "after_id", "before_id", "scope_id"});
      provider.auth = {"x-api-key", ""};
      provider.required_headers = {{"anthropic-version", "2023-06-01"},
                                   {"anthropic-dangerous-direct-browser-access", "true"}};
      provider.cors.headers = {"anthropic-version", "anthropic-beta"};
      break;
    case Wire::gemini:
      allow(provider, kGeminiCalls, {"alt", "pageSize", "pageToken"});
      provider.auth = {"x-goog-api-key", ""};
      break;
    case Wire::cohere: allow(provider, kCohereCalls, {"page_size", "page_token", "endpoint"}); break;
    case Wire::ollama: allow(provider, kOllamaCalls, {}); break;
  }
  return provider;
}

Provider like_provider(const Provider& other, std::string id, std::string name, Endpoint base) {
  Provider provider = other;
  provider.like = other.id;
  provider.id = std::move(id);
  provider.name = std::move(name);
  provider.base = std::move(base);
  provider.browser = Browser::yes;
  provider.example = false;
  // Who answers the rest of this origin is not known.
  provider.beside.clear();
  // A key that the other one gives is for its own address.
  provider.login.clear();
  provider.calls.erase(std::remove_if(provider.calls.begin(), provider.calls.end(),
                                      [](const Call& call) { return call.path[0] == '/'; }),
                       provider.calls.end());
  return provider;
}

}  // namespace keyhold

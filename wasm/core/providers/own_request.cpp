#include "providers/own_request.h"

#include <utility>

namespace keyhold {

namespace {

Outgoing own(const Provider& provider, Method method, std::string_view path) {
  std::string url = provider.base.text();
  url += path;
  return {method, std::move(url), provider.required_headers, std::nullopt};
}

}  // namespace

Outgoing check_request(const Provider& provider) {
  Outgoing out = own(provider, provider.check.method, provider.check.path);
  if (!provider.check.body.empty()) {
    out.headers.emplace_back("content-type", "application/json");
    out.body = provider.check.body;
  }
  return out;
}

Outgoing models_request(const Provider& provider) { return own(provider, Method::get, models_path(provider.wire)); }

Result<Outgoing> chat_request(const Provider& provider, std::string_view model, std::span<const ChatMessage> messages,
                              std::int64_t max_tokens) {
  KEYHOLD_TRY(const auto path, chat_path(provider.wire, model));
  KEYHOLD_TRY(auto body, chat_body(provider, model, messages, max_tokens));
  Outgoing out = own(provider, Method::post, path);
  out.headers.emplace_back("content-type", "application/json");
  out.body = std::move(body);
  out.model = model;
  return out;
}

std::string probe_url(const Provider& provider) { return provider.base.text() + provider.check.path; }

}  // namespace keyhold

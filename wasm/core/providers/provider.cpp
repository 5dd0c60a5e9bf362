#include "providers/provider.h"

#include "providers/usual.h"

namespace keyhold {

std::string_view name(Method method) noexcept {
  switch (method) {
    case Method::get: return "GET";
    case Method::post: return "POST";
    case Method::del: return "DELETE";
  }
  return "";
}

Result<Method> parse_method(std::string_view text) {
  for (const Method method : {Method::get, Method::post, Method::del}) {
    if (name(method) == text) return method;
  }
  return Errc::ERR_BAD_REQUEST;
}

std::string_view name(Wire wire) noexcept {
  switch (wire) {
    case Wire::openai_chat: return "openai-chat";
    case Wire::openai_responses: return "openai-responses";
    case Wire::anthropic: return "anthropic";
    case Wire::gemini: return "gemini";
    case Wire::cohere: return "cohere";
    case Wire::ollama: return "ollama";
  }
  return "";
}

std::string_view name(ProviderKind kind) noexcept {
  switch (kind) {
    case ProviderKind::catalogue: return "catalogue";
    case ProviderKind::site: return "site";
    case ProviderKind::custom: return "custom";
  }
  return "";
}

std::string_view name(Browser browser) noexcept {
  constexpr std::string_view kNames[] = {"yes", "unknown", "no"};
  return kNames[static_cast<std::size_t>(browser)];
}

Provider custom_provider(std::string id, std::string name, Endpoint base, const Provider* like) {
  Provider custom = like == nullptr ? usual_provider(std::move(id), std::move(name), std::move(base), Wire::openai_chat)
                                    : like_provider(*like, std::move(id), std::move(name), std::move(base));
  custom.kind = ProviderKind::custom;
  custom.key_optional = custom.key_optional || custom.base.is_loopback();
  return custom;
}

}  // namespace keyhold

#include "providers/output_limit.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

namespace keyhold {

namespace {

/// Names by which a form bounds its answers; the first is written where none is there.
std::vector<std::string_view> names_of(Wire wire, const Provider& provider) {
  switch (wire) {
    case Wire::openai_chat: return {provider.chat.max_tokens_field, "max_tokens", "max_completion_tokens"};
    case Wire::openai_responses: return {"max_output_tokens"};
    case Wire::anthropic:
    case Wire::cohere: return {"max_tokens"};
    case Wire::gemini: return {"maxOutputTokens", "max_output_tokens"};
    case Wire::ollama: break;
  }
  return {};
}

JsonOut limited(JsonRef object, const std::vector<std::string_view>& names, std::int64_t most) {
  JsonOut out = JsonOut::object();
  bool bounded = false;
  // No error can come of this: the visitor gives none.
  (void)object.each_member([&](std::string_view name, JsonRef value) -> Result<void> {
    const bool bounds = std::find(names.begin(), names.end(), name) != names.end() && !value.is_null();
    const auto asked = bounds ? value.integer(0, std::numeric_limits<std::int64_t>::max()) : Errc::ERR_NOT_FOUND;
    bounded = bounded || bounds;
    if (asked) {
      out.set(name, std::min(*asked, most));
    } else if (bounds || std::find(names.begin(), names.end(), name) == names.end()) {
      out.set(name, value);
    }
    return {};
  });
  if (!bounded) out.set(names.front(), most);
  return out;
}

/// Gemini has its bound one level below, under either of two names.
JsonOut limited_config(JsonRef body, const std::vector<std::string_view>& names, std::int64_t most) {
  JsonOut out = JsonOut::object();
  bool there = false;
  (void)body.each_member([&](std::string_view name, JsonRef value) -> Result<void> {
    const bool config = name == "generationConfig" || name == "generation_config";
    if (config && value.is_object()) {
      out.set(name, limited(value, names, most));
      there = true;
    } else if (!config || !value.is_null()) {
      out.set(name, value);
      there = there || config;
    }
    return {};
  });
  if (!there) {
    JsonOut config = JsonOut::object();
    out.set("generationConfig", config.set(names.front(), most));
  }
  return out;
}

}  // namespace

Result<std::string> with_output_limit(JsonRef body, Wire wire, const Provider& provider, std::int64_t most) {
  if (!body.is_object()) return Errc::ERR_BAD_JSON;
  const auto names = names_of(wire, provider);
  if (names.empty()) return Errc::ERR_CAP_UNBOUNDED;
  return (wire == Wire::gemini ? limited_config(body, names, most) : limited(body, names, most)).dump();
}

}  // namespace keyhold

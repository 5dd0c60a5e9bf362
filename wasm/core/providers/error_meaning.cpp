#include "providers/error_meaning.h"

#include <cstddef>
#include <string_view>

namespace keyhold {

namespace {

struct Word {
  std::string_view part;  // of a type or code, lower-case
  Errc code;
};

constexpr Word kWords[] = {
    {"_quota", Errc::ERR_NO_CREDIT},  // insufficient_quota, exceeded_current_quota_error
    {"credit_balance", Errc::ERR_NO_CREDIT},
    {"spend_limit", Errc::ERR_NO_CREDIT},
    {"usage_limit", Errc::ERR_NO_CREDIT},
    {"billing", Errc::ERR_NO_CREDIT},
    {"rate_limit", Errc::ERR_RATE_LIMITED},
    {"resource_exhausted", Errc::ERR_RATE_LIMITED},
    {"overloaded", Errc::ERR_PROVIDER_DOWN},
    {"unavailable", Errc::ERR_PROVIDER_DOWN},
    {"server_error", Errc::ERR_PROVIDER_DOWN},
    {"internal", Errc::ERR_PROVIDER_DOWN},
    {"api_error", Errc::ERR_PROVIDER_DOWN},
    {"api_key", Errc::ERR_BAD_KEY},  // invalid_api_key, wrong_api_key
    {"authentication", Errc::ERR_BAD_KEY},
    {"unauthenticated", Errc::ERR_BAD_KEY},
    {"unsupported_country", Errc::ERR_REGION},
    {"permission", Errc::ERR_NO_PERMISSION},
    {"not_found", Errc::ERR_MODEL_NOT_FOUND},
    {"model_not", Errc::ERR_MODEL_NOT_FOUND},  // model_not_available
    {"invalid_model", Errc::ERR_MODEL_NOT_FOUND},
};

constexpr std::size_t kMaxWord = 100;

std::optional<Errc> meaning_of_word(std::string_view word) {
  char lower[kMaxWord];
  if (word.size() > kMaxWord) return std::nullopt;
  for (std::size_t i = 0; i < word.size(); ++i) {
    lower[i] = word[i] >= 'A' && word[i] <= 'Z' ? static_cast<char>(word[i] + 32) : word[i];
  }
  for (const Word& known : kWords) {
    if (std::string_view(lower, word.size()).find(known.part) != std::string_view::npos) return known.code;
  }
  return std::nullopt;
}

// The error itself: {"error":{…}}, or the body where it is flat.
JsonRef error_in(JsonRef body) {
  const auto error = body.find("error");
  return error && error->is_object() ? *error : body;
}

}  // namespace

Errc meaning_of_status(int status) noexcept {
  switch (status) {
    case 401: return Errc::ERR_BAD_KEY;
    case 402: return Errc::ERR_NO_CREDIT;
    case 403: return Errc::ERR_NO_PERMISSION;
    case 404: return Errc::ERR_MODEL_NOT_FOUND;
    case 408: return Errc::ERR_TIMEOUT;
    case 429: return Errc::ERR_RATE_LIMITED;
    case 451: return Errc::ERR_REGION;
    case 498: return Errc::ERR_PROVIDER_DOWN;  // Groq: no capacity
    default: return status >= 500 ? Errc::ERR_PROVIDER_DOWN : Errc::ERR_PROVIDER_REFUSED;
  }
}

std::optional<Errc> meaning_of_words(JsonRef body) {
  const JsonRef error = error_in(body);
  for (const std::string_view key : {"type", "code", "status"}) {
    const auto value = error.find(key);
    if (!value || !value->is_string()) continue;
    const auto word = value->text(kMaxWord);
    if (!word) continue;
    if (const auto code = meaning_of_word(*word)) return code;
  }
  return std::nullopt;
}

Errc meaning_of_error(JsonRef body) {
  if (const auto code = meaning_of_words(body)) return *code;
  const JsonRef error = error_in(body);
  for (const std::string_view key : {"status_code", "code"}) {
    const auto value = error.find(key);
    if (!value) continue;
    if (const auto status = value->integer(400, 599)) return meaning_of_status(static_cast<int>(*status));
  }
  return Errc::ERR_PROVIDER_REFUSED;
}

}  // namespace keyhold

// openai_usage: tokens as OpenAI counts them, under the names of its older and its newer form, and as others do who say
// they count alike.
#include "providers/wire/forms.h"

namespace keyhold {

namespace {

using Names = std::initializer_list<std::string_view>;

std::optional<std::int64_t> first_count(JsonRef reported, Names names) {
  for (const std::string_view name : names) {
    if (const auto count = count_at(reported, name)) return count;
  }
  return std::nullopt;
}

/// The first of these members that is an object; the whole where none is.
JsonRef part_of(JsonRef reported, Names names) {
  for (const std::string_view name : names) {
    if (const auto details = object_at(reported, name)) return *details;
  }
  return reported;
}

}  // namespace

void read_openai_usage(JsonRef reported, Usage& usage) {
  usage = {.input = first_count(reported, {"prompt_tokens", "input_tokens"}),
           .output = first_count(reported, {"completion_tokens", "output_tokens"})};
  const JsonRef read = part_of(reported, {"prompt_tokens_details", "input_tokens_details", "input_token_details"});
  usage.cached_input = count_at(read, "cached_tokens");
  usage.cache_write = count_at(read, "cache_write_tokens");
  usage.audio_input = count_at(read, "audio_tokens");
  // DeepSeek and Moonshot say it outside of any details.
  if (!usage.cached_input) usage.cached_input = first_count(reported, {"prompt_cache_hit_tokens", "cached_tokens"});
  const JsonRef written = part_of(reported, {"completion_tokens_details", "output_tokens_details"});
  usage.reasoning = count_at(written, "reasoning_tokens");
  usage.audio_output = count_at(written, "audio_tokens");
  // Together says it outside.
  if (!usage.reasoning) usage.reasoning = count_at(reported, "reasoning_tokens");
  // xAI counts reasoning beside the completion, the others within it; only the total tells.
  const auto total = count_at(reported, "total_tokens");
  if (usage.input && usage.output && total && usage.reasoning.value_or(0) > 0 &&
      *total - *usage.input - *usage.output == *usage.reasoning) {
    usage.output = *usage.output + *usage.reasoning;
  }
}

}  // namespace keyhold

#include "providers/bound.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace keyhold {

namespace {

using Names = std::initializer_list<std::string_view>;

bool among(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
bool among(std::string_view name, Names names) { return among(name, std::span(names.begin(), names.size())); }

// A token is at least one byte of the body; what a provider adds by itself (marks of roles, words about tools) is less than
// this and what JSON needs around each text.
constexpr std::int64_t kAddedTokens = 1024;
constexpr std::int64_t kMaxTokens = std::int64_t{1} << 32;
constexpr std::int64_t kMaxAnswers = 128;

// Content, in which each part is looked at.
constexpr std::string_view kContent[] = {"messages",          "input", "contents", "system", "systemInstruction",
                                         "system_instruction"};

// Everything else that may stand in a request without making it dearer than its tokens.
constexpr std::string_view kHarmless[] = {"model",
                                          "instructions",
                                          "max_tokens",
                                          "max_completion_tokens",
                                          "max_output_tokens",
                                          "generationConfig",
                                          "generation_config",
                                          "n",
                                          "temperature",
                                          "top_p",
                                          "top_k",
                                          "p",
                                          "k",
                                          "min_p",
                                          "stop",
                                          "stop_sequences",
                                          "stream",
                                          "stream_options",
                                          "seed",
                                          "presence_penalty",
                                          "frequency_penalty",
                                          "logit_bias",
                                          "logprobs",
                                          "top_logprobs",
                                          "response_format",
                                          "text",
                                          "tools",
                                          "tool_choice",
                                          "toolConfig",
                                          "tool_config",
                                          "parallel_tool_calls",
                                          "thinking",
                                          "reasoning",
                                          "reasoning_effort",
                                          "reasoning_format",
                                          "verbosity",
                                          "metadata",
                                          "user",
                                          "safety_identifier",
                                          "store",
                                          "service_tier",
                                          "safetySettings",
                                          "safety_settings",
                                          "prompt_cache_key",
                                          "prompt_cache_retention",
                                          "encoding_format",
                                          "dimensions",
                                          "include",
                                          "truncation",
                                          "cache_control"};

constexpr std::string_view kTextParts[] = {"text",           "input_text",        "output_text",
                                           "message",        "refusal",           "tool_use",
                                           "tool_result",    "function_call",     "function_call_output",
                                           "thinking",       "redacted_thinking", "reasoning",
                                           "summary_text",   "reasoning_text",    "function",
                                           "reasoning.text", "reasoning.summary", "reasoning.encrypted"};
constexpr std::string_view kGeminiParts[] = {"text", "thought", "thoughtSignature", "functionCall", "functionResponse"};

// More members than anything has that is known here.
constexpr std::size_t kMaxMembers = 64;

Result<void> only_text(JsonRef node, bool gemini_part);

Result<void> each_text(JsonRef list, bool gemini_parts) {
  if (!list.is_array()) return only_text(list, gemini_parts);
  for (std::size_t i = 0; i < list.size(); ++i) {
    KEYHOLD_TRY(const JsonRef part, list.at(i));
    KEYHOLD_CHECK(only_text(part, gemini_parts));
  }
  return {};
}

Result<void> text_member(std::string_view name, JsonRef value, bool gemini_part) {
  if (gemini_part) return among(name, kGeminiParts) ? Result<void>() : Errc::ERR_CAP_UNBOUNDED;
  if (name == "type") {
    const auto type = value.text();
    return type && among(*type, kTextParts) ? Result<void>() : Errc::ERR_CAP_UNBOUNDED;
  }
  if (name == "parts") return each_text(value, true);
  if (name == "content") return each_text(value, false);
  // Sound in the answer before this one is heard again.
  if (name == "audio") return value.is_null() ? Result<void>() : Errc::ERR_CAP_UNBOUNDED;
  return {};
}

/// Text, or an object whose kind is one of text, down to the last part of its content.
Result<void> only_text(JsonRef node, bool gemini_part) {
  if (!node.is_object()) return node.is_array() ? each_text(node, gemini_part) : Result<void>();
  if (node.size() > kMaxMembers) return Errc::ERR_CAP_UNBOUNDED;
  for (std::size_t i = 0; i < node.size(); ++i) {
    KEYHOLD_TRY(const auto member, node.member(i));
    KEYHOLD_CHECK(text_member(member.first, member.second, gemini_part));
  }
  return {};
}

/// Functions of the caller's own; what a server does by itself costs by its own count.
Result<void> only_functions(JsonRef tools) {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    KEYHOLD_TRY(const JsonRef tool, tools.at(i));
    const auto type = tool.find("type");
    const auto name = type ? type->text() : Result<std::string_view>("");
    const bool ours = type ? name && among(*name, {"function", "custom"})
                           : tool.find("input_schema") || (tool.find("functionDeclarations") && tool.size() == 1);
    if (!ours) return Errc::ERR_CAP_UNBOUNDED;
  }
  return {};
}

/// The largest of those that are there; 0 if none is.
Result<std::int64_t> largest(JsonRef object, Names names, std::int64_t most) {
  std::int64_t found = 0;
  for (const std::string_view name : names) {
    const auto value = object.find(name);
    if (!value || value->is_null()) continue;
    const auto count = value->integer(0, most);
    if (!count) return Errc::ERR_CAP_UNBOUNDED;
    found = std::max(found, *count);
  }
  return found;
}

Result<void> known_member(std::string_view name, JsonRef value) {
  if (among(name, kContent)) return each_text(value, false);
  if (value.is_null()) return {};
  if (name == "tools") return only_functions(value);
  if (name == "service_tier") {
    const auto tier = value.text();
    return tier && among(*tier, {"auto", "default", "standard", "standard_only", "flex"}) ? Result<void>()
                                                                                          : Errc::ERR_CAP_UNBOUNDED;
  }
  return among(name, kHarmless) ? Result<void>() : Errc::ERR_CAP_UNBOUNDED;
}

Result<void> only_known(JsonRef body) {
  if (body.size() > kMaxMembers) return Errc::ERR_CAP_UNBOUNDED;
  for (std::size_t i = 0; i < body.size(); ++i) {
    KEYHOLD_TRY(const auto member, body.member(i));
    KEYHOLD_CHECK(known_member(member.first, member.second));
  }
  return {};
}

}  // namespace

Result<TokenBound> token_bound(JsonRef body, std::size_t size, bool answers) {
  if (!body.is_object()) return Errc::ERR_CAP_UNBOUNDED;
  if (!only_known(body)) return Errc::ERR_CAP_UNBOUNDED;
  TokenBound bound{static_cast<std::int64_t>(size) + kAddedTokens, 0};
  if (!answers) return bound;
  KEYHOLD_TRY(std::int64_t most,
              largest(body, {"max_tokens", "max_completion_tokens", "max_output_tokens"}, kMaxTokens));
  KEYHOLD_TRY(std::int64_t times, largest(body, {"n"}, kMaxAnswers));
  for (const char* name : {"generationConfig", "generation_config"}) {
    const auto config = body.find(name);
    if (!config) continue;
    // Pictures and sound in the answer have prices of their own.
    for (const char* other : {"responseModalities", "speechConfig", "imageConfig"}) {
      if (config->find(other)) return Errc::ERR_CAP_UNBOUNDED;
    }
    KEYHOLD_TRY(const std::int64_t tokens, largest(*config, {"maxOutputTokens", "max_output_tokens"}, kMaxTokens));
    KEYHOLD_TRY(const std::int64_t candidates, largest(*config, {"candidateCount", "candidate_count"}, kMaxAnswers));
    most = std::max(most, tokens);
    times = std::max(times, candidates);
  }
  if (most == 0) return Errc::ERR_CAP_UNBOUNDED;
  bound.output = most * std::max<std::int64_t>(times, 1);
  return bound;
}

}  // namespace keyhold

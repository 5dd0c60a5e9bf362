#include "providers/wire.h"

#include <utility>

#include "providers/wire/forms.h"

namespace keyhold {

namespace {

constexpr std::size_t kMaxMessages = 1000;
constexpr std::size_t kMaxQuestionBytes = 32 << 20;
constexpr std::size_t kMaxPieceText = 8 << 20;
constexpr std::size_t kMaxStopReason = 100;
constexpr std::int64_t kMaxTokenCount = std::int64_t{1} << 40;  // beyond any call; sums of them cannot overflow

bool is_model_name(std::string_view model) {
  if (model.empty() || model.size() > kMaxModelName) return false;
  for (const char c : model) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return false;
  }
  return true;
}

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

// Model names stand in Gemini's paths; only what is one plain segment may.
bool is_segment(std::string_view text) {
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!plain) return false;
  }
  return text != "." && text != "..";
}

constexpr std::string_view kGeminiModels = "models/";

bool lists_names(Wire wire) { return wire == Wire::gemini || wire == Wire::cohere || wire == Wire::ollama; }

// Of one entry of a model list: its name, or "" if it is none to chat with.
std::string_view listed_model(Wire wire, JsonRef entry) {
  if (!lists_names(wire)) return text_at(entry, "id");
  // Gemini alone says so, in a list of everything it has.
  bool generates = !entry.find("supportedGenerationMethods");
  each_at(entry, "supportedGenerationMethods", [&](JsonRef method) {
    const auto name = method.text();
    if (name && *name == "generateContent") generates = true;
  });
  auto name = text_at(entry, "name");
  if (starts_with(name, kGeminiModels)) name.remove_prefix(kGeminiModels.size());
  return generates ? name : std::string_view();
}

}  // namespace

Result<std::string> chat_body(const Provider& provider, std::string_view model, std::span<const ChatMessage> messages,
                              std::int64_t max_tokens) {
  if (!is_model_name(model) || max_tokens < 1 || max_tokens > kMaxMaxTokens || messages.size() > kMaxMessages) {
    return Errc::ERR_BAD_INPUT;
  }
  bool asks = false;
  std::size_t size = 0;
  for (const ChatMessage& message : messages) {
    asks = asks || message.role == ChatMessage::Role::user;
    size += message.text.size();
  }
  if (!asks) return Errc::ERR_BAD_INPUT;
  if (size > kMaxQuestionBytes) return Errc::ERR_TOO_LARGE;
  const Question question{provider, model, messages, max_tokens};
  switch (provider.wire) {
    case Wire::openai_chat: return openai_chat_body(question).dump();
    case Wire::openai_responses: return openai_responses_body(question).dump();
    case Wire::anthropic: return anthropic_body(question).dump();
    case Wire::gemini: return gemini_body(question).dump();
    case Wire::cohere: return cohere_body(question).dump();
    case Wire::ollama: return ollama_body(question).dump();
  }
  return Errc::ERR_INTERNAL;
}

Result<std::string> chat_path(Wire wire, std::string_view model) {
  if (!is_model_name(model)) return Errc::ERR_BAD_INPUT;
  switch (wire) {
    case Wire::openai_chat: return std::string("chat/completions");
    case Wire::openai_responses: return std::string("responses");
    case Wire::anthropic: return std::string("messages");
    case Wire::cohere: return std::string("v2/chat");
    case Wire::ollama: return std::string("api/chat");
    case Wire::gemini: break;
  }
  if (starts_with(model, kGeminiModels)) model.remove_prefix(kGeminiModels.size());
  if (model.empty() || !is_segment(model)) return Errc::ERR_BAD_INPUT;
  return std::string(kGeminiModels).append(model).append(":streamGenerateContent?alt=sse");
}

std::string_view models_path(Wire wire) noexcept {
  switch (wire) {
    case Wire::openai_chat:
    case Wire::openai_responses: return "models";
    case Wire::anthropic: return "models?limit=1000";
    case Wire::gemini: return "models?pageSize=1000";
    case Wire::cohere: return "v1/models?page_size=1000&endpoint=chat";
    case Wire::ollama: return "api/tags";
  }
  return "";
}

Result<std::vector<std::string>> parse_models(Wire wire, ByteView body) {
  const auto document = Json::parse(body, {.max_bytes = kMaxModelListBytes, .max_values = 1 << 20});
  if (!document) return Errc::ERR_BAD_ANSWER;
  JsonRef list = document->root();
  // Together and some servers answer with the bare list.
  if (const auto inner = list.find(lists_names(wire) ? "models" : "data")) list = *inner;
  if (!list.is_array()) return Errc::ERR_BAD_ANSWER;
  std::vector<std::string> models;
  KEYHOLD_CHECK(list.each([&](JsonRef entry) -> Result<void> {
    const auto name = listed_model(wire, entry);
    if (is_model_name(name) && models.size() < kMaxModels) models.emplace_back(name);
    return {};
  }));
  return models;
}

Result<void> read_piece(Wire wire, JsonRef piece, bool want_text, Answer& answer) {
  switch (wire) {
    case Wire::openai_chat: return read_openai_chat(piece, want_text, answer);
    case Wire::openai_responses: return read_openai_responses(piece, want_text, answer);
    case Wire::anthropic: return read_anthropic(piece, want_text, answer);
    case Wire::gemini: return read_gemini(piece, want_text, answer);
    case Wire::cohere: return read_cohere(piece, want_text, answer);
    case Wire::ollama: return read_ollama(piece, want_text, answer);
  }
  return Errc::ERR_INTERNAL;
}

JsonOut messages_of(const Question& question) {
  constexpr std::string_view kRoles[] = {"system", "user", "assistant"};
  JsonOut messages = JsonOut::array();
  for (const ChatMessage& message : question.messages) {
    JsonOut item = JsonOut::object();
    item.set("role", kRoles[static_cast<std::size_t>(message.role)]).set("content", message.text);
    messages.push(item);
  }
  return messages;
}

std::optional<std::int64_t> count_at(JsonRef object, std::string_view key) {
  const auto value = object.find(key);
  if (!value) return std::nullopt;
  const auto count = value->integer(0, kMaxTokenCount);
  return count ? std::optional(*count) : std::nullopt;
}

std::string_view text_at(JsonRef object, std::string_view key) {
  const auto value = object.find(key);
  if (!value) return {};
  const auto text = value->text(kMaxPieceText);
  return text ? *text : std::string_view();
}

std::optional<JsonRef> object_at(JsonRef object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_object() ? value : std::nullopt;
}

void each_at(JsonRef object, std::string_view key, FunctionRef<void(JsonRef)> visit) {
  const auto list = object.find(key);
  if (!list) return;
  // Fails only for what is no array: then there is nothing to visit.
  (void)list->each([&](JsonRef element) -> Result<void> {
    visit(element);
    return {};
  });
}

std::optional<std::int64_t> sum(std::initializer_list<std::optional<std::int64_t>> counts) {
  std::optional<std::int64_t> total;
  for (const auto& count : counts) {
    if (count) total = total.value_or(0) + *count;
  }
  return total;
}

void say(Answer& answer, bool want_text, TextEvent::Type type, std::string_view text) {
  if (!want_text || text.empty()) return;
  if (!answer.events.empty() && answer.events.back().type == type) {
    answer.events.back().text += text;
  } else {
    answer.events.push_back({type, std::string(text)});
  }
}

void note_model(std::string& model, std::string_view name) {
  if (model.empty() && is_model_name(name)) model = name;
}

void note_reason(Answer& answer, std::string_view reason) { answer.stop = reason.substr(0, kMaxStopReason); }

void note_stop(Answer& answer, std::string_view reason) {
  if (reason.empty()) return;
  note_reason(answer, reason);
  answer.complete = true;
}

}  // namespace keyhold

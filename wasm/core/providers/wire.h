// wire: how a question is written and an answer read, for each form Keyhold speaks. Knows no streams and no network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "providers/provider.h"
#include "providers/usage.h"

namespace keyhold {

struct ChatMessage {
  enum class Role { system, user, assistant };
  Role role;
  std::string text;
};

inline constexpr std::size_t kMaxModelName = 200;
inline constexpr std::size_t kMaxModels = 5000;
inline constexpr std::size_t kMaxModelListBytes = 8 << 20;
inline constexpr std::int64_t kMaxMaxTokens = 1'000'000;

/// Body of a streamed question. ERR_BAD_INPUT if there is no user message, no model, or max_tokens is not 1..1,000,000.
Result<std::string> chat_body(const Provider& provider, std::string_view model, std::span<const ChatMessage> messages,
                              std::int64_t max_tokens);
/// Below the base, with its query. ERR_BAD_INPUT for a model name that cannot stand in a path where it must.
Result<std::string> chat_path(Wire wire, std::string_view model);
/// Below the base, with its query.
std::string_view models_path(Wire wire) noexcept;
/// Names from the answer to a model list, in the provider's order. ERR_BAD_ANSWER if it is no such list.
Result<std::vector<std::string>> parse_models(Wire wire, ByteView body);

/// A piece of what the model said.
struct TextEvent {
  enum class Type { text, reasoning };
  Type type;
  std::string text;
};

/// What an answer has said so far.
struct Answer {
  Usage usage;
  std::string model;
  std::string stop;         // why it ended, in the provider's word
  bool complete = false;    // the end that this form announces has been seen
  bool recognised = false;  // at least one piece had the shape of this form
  std::vector<TextEvent> events;
};

/// Adds one piece: the data of one event of a stream, or a whole body. Tolerates unknown and absent fields.
/// Text is collected only if `want_text`. Fails with the meaning of the provider's own error if the piece is one
/// (what else it says, usage above all, is taken first).
Result<void> read_piece(Wire wire, JsonRef piece, bool want_text, Answer& answer);

}  // namespace keyhold

// usage: tokens of one call, as the provider itself reported them, in one meaning for all providers.
#pragma once

#include <cstdint>
#include <optional>

namespace keyhold {

/// A figure that was not reported is absent: unknown is never 0.
struct Usage {
  std::optional<std::int64_t> input{};         // all that was read, cached or not
  std::optional<std::int64_t> output{};        // all that was written, reasoning too
  std::optional<std::int64_t> cached_input{};  // the part of `input` read from a cache
  std::optional<std::int64_t> cache_write{};   // the part of `input` written to a cache
  std::optional<std::int64_t> reasoning{};     // the part of `output` that was reasoning

  std::optional<std::int64_t> audio_input{};         // the part of `input` that was sound
  std::optional<std::int64_t> cached_audio_input{};  // the part of `audio_input` read from a cache
  std::optional<std::int64_t> audio_output{};        // the part of `output` that was sound

  /// Calls for each figure by its name in the protocol.
  template <class Usage, class Visit>
  static void each(Usage& usage, Visit visit) {
    visit("input", usage.input);
    visit("output", usage.output);
    visit("cachedInput", usage.cached_input);
    visit("cacheWrite", usage.cache_write);
    visit("reasoning", usage.reasoning);
    visit("audioInput", usage.audio_input);
    visit("cachedAudioInput", usage.cached_audio_input);
    visit("audioOutput", usage.audio_output);
  }

  bool known() const noexcept {
    bool any = false;
    each(*this, [&](const char*, const auto& count) { any = any || count; });
    return any;
  }
  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace keyhold

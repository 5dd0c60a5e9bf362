// problem: everything the server can refuse, each with its status and one sentence for whoever reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace keyhold::server {

/// The types of problem+json, as "urn:keyhold:<name>".
enum class ProblemType {
#define KEYHOLD_PROBLEM(name, status, sentence) name,
#include "server/relay/problem.def"
#undef KEYHOLD_PROBLEM
};

std::string_view name(ProblemType type) noexcept;
int status_of(ProblemType type) noexcept;

/// RFC 9457. What is absent is not written.
struct Problem {
  ProblemType type;
  /// What exactly, where one sentence covers several cases: an error of the core, or of a token.
  std::string_view code{};
  std::optional<std::int64_t> needed_micro_usd{};
  std::optional<std::int64_t> available_micro_usd{};
  std::optional<UnixMs> resets_at{};
  std::optional<std::int64_t> retry_after_s{};
  /// A link to where a user adds a key of their own.
  std::string add_key{};
  /// Of an idempotent replay: the first call.
  std::string first_call{};
  std::string first_state{};
  std::optional<int> first_status{};
  std::optional<std::int64_t> first_charged_micro_usd{};

  std::string json(std::string_view request_id) const;
};

}  // namespace keyhold::server

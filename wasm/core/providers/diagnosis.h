// diagnosis: what went wrong, from evidence: a provider's answer, or what was seen when there was none.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "providers/provider.h"

namespace keyhold {

/// As much of a body as is looked at; callers need not keep more.
inline constexpr std::size_t kMaxDiagnosedBody = 64 << 10;
inline constexpr int kMaxRetryAfterS = 7 * 24 * 3600;

struct Problem {
  Errc code{};
  int status = 0;                    // 0: there was no answer
  std::optional<int> retry_after_s;  // only where waiting helps
};

/// What a provider answered.
struct AnswerSeen {
  int status;
  std::string_view content_type;
  ByteView body;                 // its beginning
  std::string_view retry_after;  // the header, or ""
};

/// What an answer to anything but a check means. Nothing if it is 2xx.
std::optional<Problem> diagnose_answer(const Provider& provider, const AnswerSeen& answer);
/// What an answer to the check request means. Nothing if the key is good: 2xx, and a body that is JSON.
std::optional<Problem> diagnose_check(const Provider& provider, const AnswerSeen& answer);

/// What was seen when `fetch` itself failed.
struct NetworkEvidence {
  bool online = true;
  /// A request without a key reached the host; nothing: it was not tried.
  std::optional<bool> probe_reached;
  /// The site's own Content-Security-Policy stopped it.
  bool blocked_by_policy = false;
  /// The browser lets a page reach this computer or the local network only if it was allowed to, and this one was not.
  bool local_withheld = false;
  /// At least the head of the answer had arrived.
  bool answer_begun = false;
};

Errc diagnose_network(const Provider& provider, const NetworkEvidence& evidence);

}  // namespace keyhold

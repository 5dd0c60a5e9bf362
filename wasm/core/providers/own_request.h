// own_request: the requests Keyhold makes by itself: check a key, list models, ask a question.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "providers/provider.h"
#include "providers/request.h"
#include "providers/wire.h"

namespace keyhold {

/// The cheapest request that tells whether a key is good.
Outgoing check_request(const Provider& provider);
Outgoing models_request(const Provider& provider);
/// A streamed question. Errors as for chat_body() and chat_path().
Result<Outgoing> chat_request(const Provider& provider, std::string_view model, std::span<const ChatMessage> messages,
                              std::int64_t max_tokens);
/// Where to look without a key, to tell an unreachable host from a refusal.
std::string probe_url(const Provider& provider);

}  // namespace keyhold

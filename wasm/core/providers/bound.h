// bound: how many tokens a request can come to at the most, read from its body before it is sent. For keys with a cap.
#pragma once

#include <cstdint>

#include "base/json.h"
#include "base/result.h"

namespace keyhold {

struct TokenBound {
  std::int64_t input;
  std::int64_t output;
};

/// ERR_CAP_UNBOUNDED for anything whose tokens the body does not bound: a field that is not known to cost nothing, a
/// server's own tools, dearer service, content other than text. `size` is the body's; `answers`: the model writes, so that
/// the body must say how much at the most.
Result<TokenBound> token_bound(JsonRef body, std::size_t size, bool answers);

}  // namespace keyhold

// output_limit: how long an answer may be at the most, written into a request by whoever pays for it.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "providers/provider.h"

namespace keyhold {

/// The body again, with each bound of the answer's tokens that it names lowered to `most`, and with one where it names none.
/// A bound that is no whole number stays: token_bound() refuses it. ERR_BAD_JSON if the body is no object;
/// ERR_CAP_UNBOUNDED for a form of question that has no such bound here (Ollama).
Result<std::string> with_output_limit(JsonRef body, Wire wire, const Provider& provider, std::int64_t most);

}  // namespace keyhold

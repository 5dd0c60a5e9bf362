// error: the one list of what can go wrong. A code and nothing else: an error never carries input.
#pragma once

#include <string_view>

namespace keyhold {

enum class Errc : int {
#define KEYHOLD_ERROR(name, sentence, next) name,
#include "base/error.def"
#undef KEYHOLD_ERROR
};

/// The stable name, e.g. "ERR_LOCKED": the same in TypeScript and in docs/errors.md.
std::string_view name(Errc code) noexcept;

}  // namespace keyhold

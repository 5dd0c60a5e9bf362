#include "base/error.h"

namespace keyhold {

std::string_view name(Errc code) noexcept {
  switch (code) {
#define KEYHOLD_ERROR(name, sentence, next) \
  case Errc::name:                          \
    return #name;
#include "base/error.def"
#undef KEYHOLD_ERROR
  }
  return "ERR_INTERNAL";
}

}  // namespace keyhold

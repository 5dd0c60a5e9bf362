// sealed_fields: where a provider's keys may be sent, as it is sealed into their records.
#pragma once

#include "providers/provider.h"
#include "vault/envelope.h"

namespace keyhold {

inline RecordFields sealed_fields(const Provider& provider) {
  return {provider.id, provider.base.text(), provider.auth.header, provider.auth.prefix};
}

}  // namespace keyhold

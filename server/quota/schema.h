// schema: which tables there are, and how an older database becomes one of today.
#pragma once

#include "server/quota/database.h"

namespace keyhold::server {

inline constexpr long long kSchemaVersion = 4;

/// Creates or upgrades under the write lock, so that of several processes starting at once one does it.
Answer<Done> migrate(Database& database);

}  // namespace keyhold::server

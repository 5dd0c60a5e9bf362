// relayed: a provider as it is reached by way of an app's keyhold-server, which puts in the app's own key.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/result.h"
#include "providers/diagnosis.h"
#include "providers/endpoint.h"
#include "providers/provider.h"
#include "providers/request.h"

namespace keyhold {

/// The same provider below `server`, where its credential is the user's token for that server. ERR_BAD_INPUT if the address
/// becomes too long.
Result<ProviderRef> relayed(const Provider& provider, const Endpoint& server);
/// The same request, to `relayed`. ERR_PATH_NOT_ALLOWED for one that is not below the provider's own base.
Result<Outgoing> to_relayed(const Outgoing& request, const Provider& provider, const Provider& relayed);
/// What the server itself refused, by the name of its problem; nothing if it passed on what the provider said.
std::optional<Problem> diagnose_relay(const AnswerSeen& answer);

}  // namespace keyhold

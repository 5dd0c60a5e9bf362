#include "providers/relayed.h"

#include <array>

#include "base/json.h"
#include "providers/retry_hint.h"

namespace keyhold {

namespace {

constexpr std::string_view kProblemType = "urn:keyhold:";
constexpr std::size_t kMaxTypeBytes = 128;

struct Meaning {
  std::string_view name;  // docs/server.md, "Problems"
  Errc code;
};
constexpr std::array kMeanings = {
    Meaning{"quota_exceeded", Errc::ERR_QUOTA},
    Meaning{"plan_required", Errc::ERR_PLAN},
    Meaning{"plan_lapsed", Errc::ERR_PLAN},
    Meaning{"app_key_exhausted", Errc::ERR_APP_KEY},
    Meaning{"app_key_refused", Errc::ERR_APP_KEY},
    Meaning{"unauthorized", Errc::ERR_NO_TOKEN},
    Meaning{"quota_held", Errc::ERR_RATE_LIMITED},
    Meaning{"too_many_running", Errc::ERR_RATE_LIMITED},
    Meaning{"rate_limited", Errc::ERR_RATE_LIMITED},
    Meaning{"upstream_timeout", Errc::ERR_TIMEOUT},
    Meaning{"upstream_failed", Errc::ERR_PROVIDER_DOWN},
    Meaning{"unavailable", Errc::ERR_PROVIDER_DOWN},
    Meaning{"shutting_down", Errc::ERR_PROVIDER_DOWN},
};

}  // namespace

Result<ProviderRef> relayed(const Provider& provider, const Endpoint& server) {
  Provider by = provider;
  KEYHOLD_TRY(by.base, Endpoint::parse(server.text() + "v1/relay/" + provider.id));
  by.auth = {"authorization", "Bearer "};
  // Its own answers can be read, and say why.
  by.cors.opaque_401 = false;
  return std::make_shared<const Provider>(std::move(by));
}

Result<Outgoing> to_relayed(const Outgoing& request, const Provider& provider, const Provider& relayed) {
  const std::string& from = provider.base.text();
  if (!std::string_view(request.url).starts_with(from)) return Errc::ERR_PATH_NOT_ALLOWED;
  Outgoing out = request;
  out.url = relayed.base.text() + request.url.substr(from.size());
  return out;
}

std::optional<Problem> diagnose_relay(const AnswerSeen& answer) {
  const auto body = Json::parse(answer.body, {.max_bytes = kMaxDiagnosedBody});
  const auto type = body ? body->root().find("type") : std::nullopt;
  const auto text = type ? type->text(kMaxTypeBytes) : Result<std::string_view>(Errc::ERR_NOT_FOUND);
  if (!text || !text->starts_with(kProblemType)) return std::nullopt;
  for (const auto& [name, code] : kMeanings) {
    if (text->substr(kProblemType.size()) != name) continue;
    const bool wait = code == Errc::ERR_RATE_LIMITED || code == Errc::ERR_PROVIDER_DOWN;
    return Problem{code, answer.status, wait ? retry_after(answer.retry_after) : std::nullopt};
  }
  return Problem{Errc::ERR_PROVIDER_REFUSED, answer.status, std::nullopt};
}

}  // namespace keyhold

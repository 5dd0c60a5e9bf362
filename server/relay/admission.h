// admission: may this call be made with the app's key, what could it cost at the most, and what is it charged in the end? Decides
// before anything is held or sent; knows no network and no database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/time.h"
#include "providers/exchange.h"
#include "server/config/config.h"
#include "server/relay/problem.h"

namespace keyhold::server {

/// What a client wants relayed: `/v1/relay/{provider}/{rest}`, `rest` with its query, as it stands in the request.
struct AskedCall {
  std::string_view method;
  std::string_view provider;
  std::string_view rest;
  Headers headers;
  ByteView body;
  const SecretBytes* key = nullptr;  // what it is made with; null: there is none of this provider
  std::int64_t markup = 0;           // on the provider's price: 0..kMaxMarkup
};

/// A call that may be made as soon as `most_micro_usd` is held for it.
struct Admitted {
  ProviderExchange call;
  std::string model;
  std::int64_t markup;
  // With the markup.
  std::int64_t most_micro_usd;
  /// What it comes to once it is sent, whatever happens then.
  std::int64_t least_micro_usd;
};

std::variant<Admitted, Problem> admit(const Config& config, const Plan& plan, const AskedCall& asked, UnixMs now);

struct Charge {
  std::int64_t micro_usd;
  bool estimated;
};

/// What a call that is over, wherever it ended, is charged. Nothing: it is not, because nothing came of it.
std::optional<Charge> charge_of(const Admitted& admitted, const Config& config, UnixMs now);

/// What the provider's refusal of the app's key is to the user, who has no part in it. Nothing for any other answer.
std::optional<Problem> app_key_problem(const Admitted& admitted);

}  // namespace keyhold::server

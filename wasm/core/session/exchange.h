// exchange: a call under way with a key of the vault's: beside the request and its answer, who asked for it, what is held for
// it, and what it cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "providers/exchange.h"
#include "vault/spend.h"

namespace keyhold {

/// What one call cost.
struct Bill {
  Figures figures;
  std::optional<std::int64_t> cost_micro_usd;  // nothing: not known
  std::string prices_made;                     // of the list it was reckoned by
};

class Exchange : public ProviderExchange {
 public:
  using ProviderExchange::ProviderExchange;

  /// The same request with another key. This call is over, and to be settled before.
  Exchange again(const SecretBytes& secret, std::string key_id) {
    Exchange next(ProviderExchange::again(secret, std::move(key_id)));
    next.grant_id_ = std::move(grant_id_);
    next.relayable_ = relayable_;
    return next;
  }
  /// The same with the app's key.
  Exchange again_by_app(ProviderRef relayed, Outgoing request) {
    Exchange next(ProviderExchange::again(std::move(relayed), std::move(request), {}, {}));
    next.go_by_app();
    return next;
  }

  /// The app's key may take the place of the last of the user's, if they decided so.
  void may_be_relayed(bool may) noexcept { relayable_ = may; }
  bool relayable() const noexcept { return relayable_; }
  /// The app's key pays for it: it wants the user's token for the app's server.
  void go_by_app() noexcept { by_app_ = wants_token_ = true; }
  bool wants_token() const noexcept { return wants_token_; }
  void authorize(const SecretBytes& token) {
    ProviderExchange::authorize(token);
    wants_token_ = false;
  }
  /// Whose key it is: "user" or "app".
  std::string_view source() const noexcept { return by_app_ ? "app" : "user"; }
  /// Every answer says whose it was.
  Result<Headers> response(int status, const Headers& headers) {
    KEYHOLD_TRY(Headers shown, ProviderExchange::response(status, headers));
    shown.emplace_back("keyhold-source", source());
    return shown;
  }

  /// It is made under this grant.
  void under(std::string grant) { grant_id_ = std::move(grant); }
  /// "": for the vault's own page.
  const std::string& grant_id() const noexcept { return grant_id_; }
  /// What may be spent on it while it is under way: of its key's, or its grant's.
  std::optional<Hold>& hold(std::string_view whose) noexcept { return whose == key_id() ? hold_ : grant_hold_; }
  /// Why it may not be made.
  std::optional<CapHit>& cap_hit() noexcept { return cap_hit_; }
  /// Millionths of a US dollar; nothing: not known.
  std::optional<std::int64_t>& cost() noexcept { return cost_; }
  /// What came of it in the end, for those who look at the call later.
  void settle(Bill bill) { bill_ = std::move(bill); }
  const std::optional<Bill>& bill() const noexcept { return bill_; }

 private:
  explicit Exchange(ProviderExchange call) : ProviderExchange(std::move(call)) {}

  bool relayable_ = false;
  bool by_app_ = false;
  bool wants_token_ = false;
  std::string grant_id_;
  std::optional<Hold> hold_;        // of its key's
  std::optional<Hold> grant_hold_;  // of its grant's
  std::optional<CapHit> cap_hit_;
  std::optional<std::int64_t> cost_;
  std::optional<Bill> bill_;
};

}  // namespace keyhold

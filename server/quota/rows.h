// rows: how accounts and calls lie in the database. All of it runs within a transaction and throws what SOCI throws.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/quota/database.h"
#include "server/quota/rules.h"

namespace keyhold::server {

std::string_view name_of(AccountStatus status);

struct CallRow {
  std::string user;
  CallState state = CallState::held;
  MicroUsd reserved = 0;
  MicroUsd least = 0;
  MicroUsd charged = 0;
};

/// The account's row, locked until the end of the transaction if that one writes.
std::optional<AccountRow> load_account(Database& database, const std::string& user);
/// Adds the row if there is none. @return whether there was none.
bool add_account(Database& database, const AccountRow& account);
/// Writes everything but the user.
void store_account(Database& database, const AccountRow& account);

/// Puts the account under these terms: their limit, and their kind of period as of `now`.
void apply_terms(Database& database, AccountRow& account, const PlanTerms& terms, UnixMs now);

CallId add_call(Database& database, const Reservation& call, const std::string& owner, UnixMs lease_until, UnixMs now);
std::optional<CallRow> load_call(Database& database, CallId call);
std::optional<CallBill> load_bill(Database& database, const std::string& user, CallId call);
std::optional<Duplicate> find_duplicate(Database& database, const std::string& user,
                                        const std::string& idempotency_key);
/// Ends the call if it is held. @return whether it was.
bool end_call(Database& database, CallId call, CallState state, MicroUsd charged, Figures figures, int http_status,
              UnixMs ended_at);

/// Settles the call at `least`, as estimated, if it is still held with a lease that has ended, and has come to no more.
bool end_expired_call(Database& database, CallId call, MicroUsd least, UnixMs now, UnixMs ended_at);

}  // namespace keyhold::server

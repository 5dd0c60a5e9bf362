// quota: may this call be made on this account, and what did it come to? Exact to the micro-USD, in the database.
//
// A book has one connection and is used by one thread at a time; make as many as there are database threads, in as many
// processes as wanted. Whatever the database does, it comes back as a value: no exception leaves a book.
//
// SQLite runs in WAL with synchronous=NORMAL: what was acknowledged survives SIGKILL at any moment. Only a power cut may
// take the last moments with it (never the consistency); `synchronous=full` in the connection string excludes that too,
// for an fsync with each commit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/billing/event.h"
#include "server/quota/answer.h"
#include "server/quota/audit.h"
#include "server/quota/types.h"

namespace keyhold::server {

class Database;

struct BookOptions {
  /// `sqlite3://db=FILE timeout=SECONDS [synchronous=full]`, without a timeout 5 seconds; or libpq's
  /// `postgresql://user:password@host/database?...`, by which nothing is waited for longer than about 5 seconds.
  std::string connection;
  /// Unique to the run of the process (1..kMaxOwnerBytes): says whose held calls are renewed.
  std::string owner;
  std::int64_t lease_ms = kDefaultLeaseMs;
};

class QuotaBook {
 public:
  /// Connects, and creates or upgrades the schema under the write lock. Fails with unavailable, bad_input, newer_schema.
  /// @param trouble  the database's own words about `unavailable`: for the log, as those of trouble()
  static Answer<QuotaBook> open(BookOptions options, std::string* trouble = nullptr);
  QuotaBook(QuotaBook&&) noexcept;
  QuotaBook& operator=(QuotaBook&&) noexcept;
  ~QuotaBook();  // held calls stay held until their lease ends

  // Every call below may answer `unavailable`. A connection that was lost is made anew once. If it is lost while `reserve`
  // commits, the call may be held though nobody knows: the book lets go of it as soon as the database answers again.

  /// Makes the account if need be, begins a new period if the last one ended (settled = 0; what is held stays and counts in
  /// the period in which it ends), and holds the amount if settled + held + amount <= limit: all in one transaction.
  /// Reasons are looked for in this order: Duplicate, Suspended, QuotaExceeded, TooManyRunning, QuotaHeld.
  Answer<ReserveOutcome> reserve(const Reservation& call, const PlanTable& plans, UnixMs now);

  /// Ends a held call, exactly once; the charge is clamped to 0..reserved.
  Answer<Ending> settle(CallId call, MicroUsd charged, Figures figures, int http_status, UnixMs now);
  /// Ends a held call of which nothing is owed.
  Answer<Ending> release(CallId call, int http_status, UnixMs now);

  /// Raises what a held call has come to at the least (clamped to 0..reserved); it is charged if this process dies.
  /// @return whether the call is still held.
  Answer<bool> progress(CallId call, MicroUsd least);
  /// Extends the leases of all held calls of this book's owner, through whichever of its books they came.
  /// @return how many are held.
  Answer<std::int64_t> renew(UnixMs now);
  /// Settles calls whose lease has ended (lease_until <= now) at the least they had come to, as `estimated`; at most
  /// kRepairBatch. An unexpired lease is never touched.
  Answer<RepairReport> repair(UnixMs now);

  /// The account as it stands at `now`; nothing is written. A user nobody has seen yet is shown as a new one.
  Answer<AccountView> account(std::string_view user, const PlanTable& plans, UnixMs now);
  /// Makes the account if need be. Another kind of period counts what was charged since it began.
  Answer<Done> set_plan(std::string_view user, std::string_view plan, AccountStatus status, UnixMs now,
                        const ActedBy& by = {});
  /// Settled calls that ended in [from, to).
  Answer<Usage> usage(std::string_view user, UnixMs from, UnixMs to);
  /// The same, only what comes after this row in their order (day, provider, model, organisation): the next page.
  Answer<Usage> usage_after(std::string_view user, UnixMs from, UnixMs to, const UsageRow& last);
  /// One call of this user; nothing if there is none of theirs with this number.
  Answer<std::optional<CallBill>> bill(std::string_view user, CallId call);
  /// Users with an account, in the order of their names, after this one ("": from the first); at most kUserBatch.
  Answer<std::vector<std::string>> users_after(std::string_view last);

  /// Counts an event of Stripe once, and puts its user on the plan that they then have, all in one transaction: a second time it
  /// changes nothing. The account changes only where what the user has by all their subscriptions does: what `set_plan` said holds
  /// until then, and `suspended` until `set_plan` says otherwise. Without any plan of a subscription: the first plan.
  Answer<EventTaken> take_event(const BillingEvent& event, const PlanOrder& plans, UnixMs now,
                                const ActedBy& by = {.actor = "stripe"});
  /// The subscription to show of this user, and their customer.
  Answer<SubscriptionView> subscription(std::string_view user);

  // Keys in the database, sealed by whoever puts them there (server/keys).

  /// All of them, by provider and organisation.
  Answer<std::vector<StoredKey>> keys();
  /// Puts a key where none is, or, if `rotate`, in the place of the one that is there.
  Answer<KeyPut> put_key(const StoredKey& key, bool rotate, UnixMs now, const ActedBy& by = {});
  /// @return whether there was one
  Answer<bool> remove_key(const KeyPlace& place, UnixMs now, const ActedBy& by = {});
  /// Puts all of `keys` in the place of what lies there, or none: false if any has changed since `keys()` was read.
  Answer<bool> reseal_keys(const std::vector<StoredKey>& before, const std::vector<std::string>& sealed, UnixMs now,
                           const ActedBy& by = {});

  /// Writes down what was done elsewhere, or is about to be: what changes the database has its row in the same transaction instead.
  Answer<Done> record(const AuditEntry& entry, const ActedBy& by, UnixMs now);
  /// Rows of what is asked for that come after this time and id in their order; 0 and 0: from the first.
  Answer<AuditPage> audit_after(const AuditAsked& asked, UnixMs at, std::int64_t id);
  /// Calls made in the time that is asked for, among the kCallWindow ids after this one.
  Answer<LedgerPage> calls_after(const AuditAsked& asked, std::int64_t id);
  /// Takes the addresses out of rows that are older than this, at most kForgetBatch of each table.
  Answer<ForgetReport> forget_addresses(UnixMs before);

  /// How often an answer was `unavailable`.
  std::int64_t failures() const;
  /// The database's own words about the last `unavailable`: for the log. May name files and SQL, never a user or a key.
  const std::string& trouble() const;

 private:
  struct End;
  QuotaBook(std::unique_ptr<Database> database, BookOptions options);
  Answer<ReserveOutcome> reserve_locked(const Reservation& call, const PlanTable& plans, UnixMs now);
  Answer<Ending> end(CallId call, const End& how, UnixMs now);
  bool end_expired(CallId call, UnixMs now);
  void let_go_of_doubtful(UnixMs now);

  /// A number may be given again after a crash of the database: only with its time it names one call.
  struct Added {
    CallId call{};
    UnixMs at = 0;
  };
  std::optional<Added> added_;   // by the reservation under way
  std::vector<Added> doubtful_;  // perhaps held, and answered as unavailable
  std::unique_ptr<Database> database_;
  BookOptions options_;
};

}  // namespace keyhold::server

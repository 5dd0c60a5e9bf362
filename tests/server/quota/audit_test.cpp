// audit: rows are there with what they are about, or neither is; old addresses go, and nothing else does.
#include "server/quota/audit.h"

#include "fixture.h"
#include "server/quota/postgres_address.h"

using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

AuditPage all_of(QuotaBook& book, const std::string& user = {}) {
  const auto page = book.audit_after({0, keyhold::kMaxTime, user}, 0, 0);
  REQUIRE(page.ok());
  return page.value();
}

std::string words(const AuditPage& page) {
  std::string text;
  for (const AuditRow& row : page.rows)
    text += row.action + " " + row.actor + " " + row.subject + " " + row.detail + "\n";
  return text;
}

Reservation call_from(std::string address, std::string user = "ann") {
  Reservation call = call_of(1, std::move(user));
  call.address = std::move(address);
  call.request_id = "r-1";
  return call;
}

BillingEvent event_of(std::string id, SubscriptionStatus status, std::int64_t created) {
  return {id, "customer.subscription.updated", created, "sub_1",
          SubscriptionChange{
              .user = "ann", .customer = "cus_1", .plan = "pro", .status = status, .created = created, .event = id}};
}

const PlanOrder kPlans = {"free", "pro"};

/// Nothing more can be added to this table.
class Closed {
 public:
  Closed(RawDatabase& raw, std::string table) : raw_(raw), table_(std::move(table)) {
    if (test_postgres() == nullptr) {
      raw_.run("CREATE TRIGGER closed BEFORE INSERT ON " + table_ + " BEGIN SELECT RAISE(ABORT, 'closed'); END");
      raw_.run("CREATE TRIGGER closed2 BEFORE UPDATE ON " + table_ + " BEGIN SELECT RAISE(ABORT, 'closed'); END");
    } else {
      raw_.run("CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'closed'; END $$");
      raw_.run("CREATE TRIGGER closed BEFORE INSERT OR UPDATE ON " + table_ +
               " FOR EACH ROW EXECUTE FUNCTION closed()");
    }
  }
  Closed(const Closed&) = delete;
  Closed& operator=(const Closed&) = delete;
  ~Closed() {
    if (test_postgres() == nullptr) {
      raw_.run("DROP TRIGGER closed");
      raw_.run("DROP TRIGGER closed2");
    } else {
      raw_.run("DROP FUNCTION closed CASCADE");
    }
  }

 private:
  RawDatabase& raw_;
  std::string table_;
};

}  // namespace

TEST_CASE("audit: a user's first call says so once, with the address; the call itself has it, too") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  const PlanTable plans = one_plan(100);
  expect<Held>(book.reserve(call_from("192.0.2.1"), plans, kNow));
  expect<Held>(book.reserve(call_from("192.0.2.2"), plans, kNow));
  const AuditPage page = all_of(book);
  CHECK(words(page) == "account_added user:ann ann {\"plan\":\"free\"}\n");
  CHECK(page.rows.at(0).address == "192.0.2.1");
  CHECK(page.rows.at(0).request_id == "r-1");
  CHECK(page.rows.at(0).at == kNow);
  CHECK(raw.text("SELECT address FROM calls WHERE id = 1") == "192.0.2.1");
  CHECK(raw.text("SELECT address FROM calls WHERE id = 2") == "192.0.2.2");
}

TEST_CASE("audit: a plan that is set, with what was before; a status only where it changes") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  REQUIRE(book.set_plan("ann", "pro", AccountStatus::active, kNow).ok());
  REQUIRE(book.set_plan("ann", "max", AccountStatus::lapsed, kNow + 1).ok());
  REQUIRE(book.set_plan("ann", "max", AccountStatus::lapsed, kNow + 2).ok());
  CHECK(words(all_of(book)) ==
        "account_added operator ann {\"plan\":\"pro\"}\n"
        "plan_set operator ann {\"plan\":\"pro\",\"was\":\"pro\"}\n"
        "plan_set operator ann {\"plan\":\"max\",\"was\":\"pro\"}\n"
        "status_changed operator ann {\"status\":\"lapsed\",\"was\":\"active\"}\n"
        "plan_set operator ann {\"plan\":\"max\",\"was\":\"max\"}\n");
  CHECK(all_of(book).rows.at(0).address.empty());
}

TEST_CASE("audit: what Stripe says, once, from where it came; the plan and the status that followed") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const ActedBy by{"stripe", "198.51.100.7", "r-9"};
  for (int times = 0; times < 2; ++times) {
    REQUIRE(book.take_event(event_of("evt_1", SubscriptionStatus::active, 5), kPlans, kNow, by).ok());
  }
  REQUIRE(book.take_event(event_of("evt_0", SubscriptionStatus::canceled, 4), kPlans, kNow, by).ok());  // older
  REQUIRE(book.take_event(event_of("evt_2", SubscriptionStatus::unpaid, 6), kPlans, kNow, by).ok());
  const AuditPage page = all_of(book, "ann");
  const auto said = [](const std::string& id, const std::string& status) {
    return "subscription_changed stripe ann {\"subscription\":\"sub_1\",\"event\":\"" + id +
           "\",\"type\":\"customer.subscription.updated\",\"status\":\"" + status + "\",\"plan\":\"pro\"}\n";
  };
  CHECK(words(page) == said("evt_1", "active") +
                           "account_added stripe ann {\"plan\":\"free\"}\n"
                           "plan_set stripe ann {\"plan\":\"pro\",\"was\":\"free\"}\n" +
                           said("evt_2", "unpaid") +
                           "status_changed stripe ann {\"status\":\"lapsed\",\"was\":\"active\"}\n");
  for (const AuditRow& row : page.rows) {
    CHECK(row.address == "198.51.100.7");
    CHECK(row.request_id == "r-9");
  }
}

TEST_CASE("audit: without its row nothing is done, and without its act there is no row") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  REQUIRE(book.set_plan("ann", "free", AccountStatus::active, kNow).ok());
  const std::int64_t before = raw.number("SELECT COUNT(*) FROM audit");
  const auto none_is_done = [&] {
    CHECK(book.set_plan("ann", "pro", AccountStatus::lapsed, kNow).error() == QuotaError::unavailable);
    CHECK(book.take_event(event_of("evt_1", SubscriptionStatus::active, 5), kPlans, kNow).error() ==
          QuotaError::unavailable);
    CHECK(book.reserve(call_from("192.0.2.1", "bob"), plans, kNow).error() == QuotaError::unavailable);
    CHECK(raw.text("SELECT plan FROM accounts WHERE user_id = 'ann'") == "free");
    CHECK(raw.number("SELECT COUNT(*) FROM accounts") == 1);
    CHECK(raw.number("SELECT COUNT(*) FROM billing_events") == 0);
    CHECK(raw.number("SELECT COUNT(*) FROM calls") == 0);
    CHECK(raw.number("SELECT COUNT(*) FROM audit") == before);
  };
  {
    const Closed closed(raw, "audit");
    none_is_done();
    CHECK(book.record({AuditAction::key_added, "openai"}, {}, kNow).error() == QuotaError::unavailable);
  }
  {
    const Closed closed(raw, "accounts");
    none_is_done();
  }
  // It was only the triggers.
  REQUIRE(book.set_plan("ann", "pro", AccountStatus::lapsed, kNow).ok());
  CHECK(raw.number("SELECT COUNT(*) FROM audit") == before + 2);
}

TEST_CASE("audit: a row of something done elsewhere; what is too long is refused, a long detail left out") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  REQUIRE(book.record({AuditAction::key_rotated, "openai/acme", R"({"hint":"…wxyz"})"}, {}, kNow).ok());
  REQUIRE(book.record({AuditAction::key_removed, "openai", std::string(kMaxDetailBytes + 1, 'x')}, {}, kNow).ok());
  CHECK(words(all_of(book)) ==
        "key_rotated operator openai/acme {\"hint\":\"…wxyz\"}\nkey_removed operator openai {\"left_out\":true}\n");
  CHECK(book.record({AuditAction::key_added, std::string(kMaxAuditBytes + 1, 'x')}, {}, kNow).error() ==
        QuotaError::bad_input);
  CHECK(book.record({AuditAction::key_added, std::string("a\0b", 3)}, {}, kNow).error() == QuotaError::bad_input);
}

TEST_CASE("audit: pages have each row once, in the order of their times, of the time and user that are asked for") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  constexpr int kRows = 2 * static_cast<int>(kMaxAuditRows) + 1;
  // Times go down while ids go up; some are the same.
  raw.run(
      "INSERT INTO audit (happened_at, action, actor, subject, address, detail, request_id) WITH RECURSIVE n(i) AS "
      "(SELECT 1"
      " UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(kRows) +
      ") SELECT 10000 - i / 2, 'plan_set', 'operator',"
      " CASE WHEN i % 2 = 0 THEN 'ann' ELSE 'bob' END, '', '{}', '' FROM n");
  int seen = 0;
  keyhold::UnixMs at = 0;
  std::int64_t id = 0;
  for (bool more = true; more;) {
    const auto page = book.audit_after({0, kNow, ""}, at, id);
    REQUIRE(page.ok());
    for (const AuditRow& row : page.value().rows) {
      CHECK(std::pair(row.at, row.id) > std::pair(at, id));
      at = row.at;
      id = row.id;
      ++seen;
    }
    more = page.value().more;
  }
  CHECK(seen == kRows);
  CHECK(book.audit_after({0, kNow, "ann"}, 0, 0)->rows.size() == kMaxAuditRows);
  CHECK(book.audit_after({9999, 10000, ""}, 0, 0)->rows.size() == 2);
  CHECK(book.audit_after({10000, 10001, ""}, 0, 0)->rows.size() == 1);
  CHECK(book.audit_after({0, kNow, "nobody"}, 0, 0)->rows.empty());
  CHECK(book.audit_after({5, 4, ""}, 0, 0).error() == QuotaError::bad_input);
}

TEST_CASE("audit: the ledger's rows, a window of ids at a time") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  expect<Held>(book.reserve(call_from("192.0.2.1"), one_plan(100), kNow));
  const auto page = book.calls_after({kNow, kNow + 1, "ann"}, 0);
  REQUIRE(page.ok());
  REQUIRE(page->rows.size() == 1);
  CHECK(page->rows[0].address == "192.0.2.1");
  CHECK(page->rows[0].state == "held");
  CHECK_FALSE(page->more);
  CHECK(book.calls_after({kNow + 1, kNow + 2, ""}, 0)->rows.empty());
  CHECK(book.calls_after({kNow, kNow + 1, "bob"}, 0)->rows.empty());
  raw.run(
      "INSERT INTO calls (user_id, provider, model, reserved, least, charged, figures, state, http_status, owner,"
      " lease_until, created_at, ended_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
      "12000)"
      " SELECT 'ann', 'openai', 'm', 9, 0, 7, 'reported', 'settled', 200, 'x', 0, 5, 6 FROM n");
  std::size_t seen = 0;
  std::int64_t id = 0;
  for (bool more = true; more;) {
    const auto next = book.calls_after({0, 10, ""}, id);
    REQUIRE(next.ok());
    CHECK(next->rows.size() <= static_cast<std::size_t>(kCallWindow));
    seen += next->rows.size();
    id = next->upto;
    more = next->more;
  }
  CHECK(seen == 12'000);
}

TEST_CASE("forget_addresses: takes them out of what is older, in steps, and leaves the rest of the rows") {
  const Folder folder;
  const PlanTable plans = one_plan(1'000'000);
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  const auto kept = [&](const std::string& table) {
    return raw.number("SELECT COUNT(*) FROM " + table + " WHERE address <> ''");
  };
  constexpr std::int64_t kCalls = kForgetBatch + 10;
  for (std::int64_t i = 0; i < kCalls; ++i) {
    expect<Held>(book.reserve(call_from("192.0.2.1", i % 2 == 0 ? "ann" : "bob"), plans, kNow + i));
  }
  CHECK(kept("calls") == kCalls);
  CHECK(kept("audit") == 2);
  CHECK(book.forget_addresses(kNow)->looked_at == 0);
  CHECK(kept("calls") == kCalls);
  const auto first = book.forget_addresses(kNow + kCalls - 5);
  CHECK(first->looked_at == kForgetBatch + 2);
  CHECK(first->more);
  CHECK(kept("calls") == 10);
  CHECK(kept("audit") == 0);
  CHECK_FALSE(book.forget_addresses(kNow + kCalls - 5)->more);
  CHECK(kept("calls") == 5);
  // Nothing is looked at twice, whatever is asked for.
  CHECK(book.forget_addresses(kNow)->looked_at == 0);
  CHECK(kept("calls") == 5);
  CHECK(raw.number("SELECT COUNT(*) FROM calls") == kCalls);
  CHECK(raw.number("SELECT COUNT(*) FROM audit") == 2);
  CHECK(wrong_accounts(raw) == 0);
}

TEST_CASE("forget_addresses: the first row of a ledger that was there before is not looked for") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  // As an upgrade leaves it: all before this have none.
  expect<Held>(book.reserve(call_from("192.0.2.1"), one_plan(100), kNow));
  raw.run("UPDATE upkeep SET upto = (SELECT MAX(id) FROM calls) WHERE task = 'addresses of calls'");
  raw.run("UPDATE upkeep SET upto = 1 WHERE task = 'addresses of audit'");
  CHECK(book.forget_addresses(kNow + 1)->looked_at == 0);
  expect<Held>(book.reserve(call_from("192.0.2.2"), one_plan(100), kNow + 5));
  CHECK(book.forget_addresses(kNow + 6)->looked_at == 1);
  CHECK(raw.number("SELECT COUNT(*) FROM calls WHERE address <> ''") == 1);
}

TEST_CASE(
    "open: a database of before audit and keys is upgraded; its calls have no address, and are of the app's own key",
    "[file]") {
  const Folder folder;
  RawDatabase raw(folder.file());
  {
    QuotaBook book = open_book(folder.file());
    hold(book, one_plan(100), 10);
  }
  raw.run("DROP TABLE audit");
  raw.run("DROP TABLE upkeep");
  raw.run("DROP TABLE stored_keys");
  for (const char* column : {"address", "organisation", "markup"}) {
    raw.run("ALTER TABLE calls DROP COLUMN " + std::string(column));
  }
  raw.run("UPDATE schema_version SET version = 2");
  QuotaBook book = open_book(folder.file());
  CHECK(raw.text("SELECT address FROM calls WHERE id = 1").empty());
  CHECK(raw.number("SELECT upto FROM upkeep WHERE task = 'addresses of calls'") == 1);
  CHECK(raw.number("SELECT COUNT(*) FROM calls WHERE organisation = '' AND markup = 0") == 1);
  CHECK(book.keys()->empty());
  expect<Held>(book.reserve(call_from("192.0.2.1"), one_plan(100), kNow));
  CHECK(raw.text("SELECT address FROM calls WHERE id = 2") == "192.0.2.1");
  CHECK(wrong_accounts(raw) == 0);
}

TEST_CASE("open: what the database says about not being opened is known", "[file]") {
  const Folder folder;
  std::string trouble;
  REQUIRE_FALSE(QuotaBook::open({connection_of(folder.file("no/such/folder/quota.db")), "one", kLease}, &trouble).ok());
  CHECK(trouble.find("unable to open database file") != std::string::npos);
}

TEST_CASE("said_of_connecting: the reason stays; names, places and whatever the address has in it go") {
  const std::string address = "postgresql://keyhold:pass%20word%401@db.internal:6543/quota?sslmode=require";
  CHECK(said_of_connecting(
            "Cannot establish connection to the database.\nconnection to server at \"db.internal\" (10.0.0.5), "
            "port 6543 failed: FATAL:  password authentication failed for user \"keyhold\"\n",
            address) ==
        "connection to server at \"\" (), port * failed: FATAL: password authentication failed for user \"\"");
  CHECK(said_of_connecting("FATAL: Benutzer »keyhold« an db.internal: pass word@1", address) ==
        "FATAL: Benutzer »*« an *: *");
  // A password with an at sign and a slash that were not escaped lands in other parts.
  const std::string slip = "postgresql://ann:s3@cr3t/pass@host/db";
  for (const char* said :
       {"could not translate host name \"cr3t\" to address", "no host cr3t, no database pass@host/db"}) {
    CHECK(said_of_connecting(said, slip).find("cr3t") == std::string::npos);
    CHECK(said_of_connecting(said, slip).find("pass") == std::string::npos);
  }
  CHECK(said_of_connecting("an open \"quote", address) == "an open \"\"");
  CHECK(said_of_connecting(std::string(1000, 'x'), address).size() == kMaxSaidBytes);
  CHECK(said_of_connecting("", "no address").empty());
}

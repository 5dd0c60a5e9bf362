// usage_fixture: a vault with a key that is used, and a worker that writes down what it used.
#pragma once

#include "support.h"
#include "vault/draft.h"
#include "ways.h"

namespace keyhold::test {

inline constexpr UnixMs kNow = 1'795'000'000'000;
inline constexpr UsageDate kToday = kNow / kDayMs;

inline UsageKey key_for(std::string_view record, std::string_view model = "m-1") {
  return {std::string(record), "openai", std::string(model), "", "user", "reported"};
}

inline UsageSum sum_of(std::int64_t requests, std::int64_t cost) {
  return {.requests = requests, .input = 10 * requests, .output = requests, .cost_micro_usd = cost};
}

inline Rows of_kind(const Rows& rows, std::string_view kind) {
  Rows found;
  for (const auto& [key, row] : rows) {
    if (key.starts_with(kind)) found.emplace(key, row);
  }
  return found;
}

/// What the worker does in one transaction.
inline void flush(Vault& vault, Shelf& shelf, bool done = true) {
  const Rows late = of_kind(shelf.usage, "late/");
  Rows stored;
  for (const std::string& key : vault.usage_rows(late)) {
    const auto row = shelf.usage.find(key);
    if (row != shelf.usage.end()) stored.insert(*row);
  }
  const UsageChange change = vault.take_usage(late, stored);
  if (done) {
    for (const auto& [key, row] : change.puts) shelf.usage.insert_or_assign(key, row);
    for (const std::string& key : change.deletes) shelf.usage.erase(key);
  }
  vault.usage_written(done);
}

inline UsageHistory history(const Vault& vault, const Shelf& shelf) {
  return vault.usage(of_kind(shelf.usage, "usage/")).value();
}

/// Of all that is stored.
inline UsageSum total(const Vault& vault, const Shelf& shelf) {
  UsageDay all;
  for (const auto& [date, day] : history(vault, shelf).days) {
    for (const auto& [key, sum] : day) add_usage(all, key_for("all"), sum);
  }
  return all.empty() ? UsageSum() : all.begin()->second;
}

inline Spend spend_of(const Vault& vault, const Shelf& shelf, std::string_view id) {
  const auto row = shelf.usage.find(std::string("spend/").append(id));
  return vault.spending(id, row == shelf.usage.end() ? nullptr : &row->second).value();
}

inline void use(Vault& vault, std::string_view id, std::int64_t cost, UnixMs at = kNow,
                std::string_view model = "m-1") {
  vault.note_call({at, key_for(id, model), sum_of(1, cost), cost, ""});
}

struct UsageFixture {
  TestRng rng;
  Shelf shelf;
  Vault vault{rng};
  std::string id;
  UsageFixture() {
    create(vault, shelf);
    id = add(vault, shelf, "work", "sk-1");
  }
};

}  // namespace keyhold::test

// usage_book: how what calls used gets into the sealed rows of days and keys. Until then it waits as it is: the rest of this
// comes with keeping.wasm.
// Rows are read, added to and written in one transaction, so that workers beside each other lose nothing of each other's.
//
//   usage/<day>    what was used on a day (usage_day.h); usage/<day>-2 where the first cannot be read any more
//   spend/<id>     what a key or a grant has cost, and what is held for calls under way (spend.h)
//   late/<id>      what a worker had not written when it was locked: taken up by whoever unlocks next
//   usage/receipts-<place>   what the app's server signed (receipt_book.h)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "crypto/keys.h"
#include "vault/manifest.h"
#include "vault/spend.h"
#include "vault/usage_day.h"

namespace keyhold {

/// Calls not in the rows yet. What more there is, while nothing can be written, is put together by key and figures.
inline constexpr std::size_t kMaxWaitingCalls = 1000;
/// The same of one key, in a late row.
inline constexpr std::size_t kMaxWaitingCharges = 256;

/// A call that is over.
struct UsedCall {
  UnixMs at = 0;
  UsageKey key;
  UsageSum sum;              // no requests: there was nothing to pay for
  std::int64_t charged = 0;  // what its key's spending grows by, and its grant's
  std::string hold;          // of its key's, that ends with it; "" for none
  std::string grant{};       // id of what it was made under; "" for the vault's own page
  std::string grant_hold{};  // likewise
};
using UsedCalls = std::vector<UsedCall>;
/// Above the bound what it held is let go of when that ends by itself.
void add_call(UsedCalls& calls, std::size_t from, UsedCall call);

/// By its key.
bool is_usage_row(std::string_view key) noexcept;
/// The same content under another key. What open_envelope and parse_row say.
Result<Bytes> reseal(std::string_view key, ByteView row, std::string_view vault, const SubKey& from, const SubKey& to,
                     Rng& rng);

/// Where rows belong and what seals them.
struct Sealing {
  std::string_view vault;
  const SubKey& key;
  Rng& rng;
};

/// A row of usage, spend or late, sealed; and opened: what parse_row, open_envelope and Json say.
Bytes seal_usage_row(Purpose purpose, std::string_view id, std::int64_t rev, std::string info, const Sealing& sealing);
struct OpenedUsageRow {
  Header header;
  Json info;
};
Result<OpenedUsageRow> open_usage_row(std::string_view key, ByteView row, const Sealing& sealing);

/// Rows to write and rows to delete, in the transaction in which they were read.
struct UsageChange {
  Rows puts;
  std::vector<std::string> deletes;
};

/// The days that were read.
struct UsageHistory {
  std::vector<std::pair<UsageDate, UsageDay>> days;
  std::int64_t unreadable = 0;  // rows that do not open any more: what they counted is not known
};

class UsageBook {
 public:
  void add(UnixMs at, const UsageKey& key, const UsageSum& sum);
  void charge(std::string_view record, Charge charge);

  /// The rows that write() wants to see, `late` being all such rows that there are.
  std::vector<std::string> wanted(const Rows& late, const Sealing& sealing) const;
  /// What waits, added to the rows as stored.
  UsageChange write(const Rows& late, const Rows& stored, const Sealing& sealing) const;
  /// What waits, in rows of its own. One for each day and each key: each can be read again, however much waited.
  Rows write_late(const Sealing& sealing) const;

  /// A key's spending by its row as stored, null where there is none. One that cannot be read counts as none: who can
  /// change it could as well have put an older one back.
  static Spend open_spend(std::string_view record, const Bytes* stored, const Sealing& sealing);
  /// The same with what waits.
  Spend spend_of(std::string_view record, const Bytes* stored, const Sealing& sealing) const;
  static Bytes seal_spend(std::string_view record, Spend& spend, const Sealing& sealing);
  static UsageHistory read(const Rows& rows, const Sealing& sealing);

 private:
  struct Entries {
    std::map<UsageDate, UsageDay> days;
    std::map<std::string, std::vector<Charge>, std::less<>> charges;  // by key
    void add(const Entries& more);
    /// ERR_BAD_JSON, ERR_BAD_FORMAT.
    Result<void> add_late(JsonRef info);
  };
  static Entries open_late(const Rows& late, const Sealing& sealing);
  Entries with(const Rows& late, const Sealing& sealing) const;

  Entries waiting_;
};

}  // namespace keyhold

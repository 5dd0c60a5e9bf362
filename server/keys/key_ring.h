// key_ring: which key is a call made with: its organisation's, if it has one, else the app's own?
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/keys/sealed_key.h"
#include "server/quota/quota.h"

namespace keyhold::server {

/// How soon a key that was added, rotated or removed by a command is known to a server that runs.
inline constexpr UnixMs kKeysFreshMs = 10'000;

using ReadKeys = std::function<std::optional<std::vector<StoredKey>>()>;

/// Those of the database, from there; nothing if it does not answer.
std::optional<std::vector<StoredKey>> read_keys(QuotaBook& book);

/// Used by any number of threads.
class KeyRing {
 public:
  using OwnKeys = std::map<std::string, SecretBytes, std::less<>>;

  /// `own`: the app's, by provider, from the environment; they come before those of the database. `master`: nothing where the
  /// database has no keys.
  KeyRing(const OwnKeys& own, std::optional<MasterKey> master);

  struct Found {
    std::shared_ptr<const SecretBytes> key;  // null: there is none
    bool managed = false;                    // the organisation's own
  };
  /// `organisation` "": none.
  Found find(std::string_view provider, std::string_view organisation) const;

  /// Reads the database's keys if that was longer ago than kKeysFreshMs; where it does not answer, those that are known stay. Of
  /// several threads one reads, and the others go on with what there is.
  void refresh(const ReadKeys& read, UnixMs now);
  /// A provider refused one: the database may have a newer one.
  void expire();
  /// How many of the database's keys do not open with this master key.
  std::size_t unopened() const;

 private:
  using Keys = std::map<std::string, std::shared_ptr<const SecretBytes>, std::less<>>;
  void take(std::vector<StoredKey> stored);

  const std::optional<MasterKey> master_;
  Keys own_;
  mutable std::mutex mutex_;
  Keys stored_;                                             // by provider, NUL and organisation
  std::map<std::string, std::string, std::less<>> sealed_;  // as stored_ came
  UnixMs read_at_ = -kKeysFreshMs;
  std::size_t unopened_ = 0;
};

}  // namespace keyhold::server

// keys: sealed keys in the database, each in the one place it belongs to. What is in them nobody here can read.
#include <algorithm>

#include "base/json.h"
#include "server/quota/database.h"
#include "server/quota/quota.h"

namespace keyhold::server {

namespace {

bool is_text(std::string_view text, std::size_t max_bytes) {
  return text.size() <= max_bytes && text.find('\0') == std::string_view::npos;
}

bool is_place(const KeyPlace& place) {
  return !place.provider.empty() && is_text(place.provider, kMaxProviderBytes) &&
         is_text(place.organisation, kMaxOrganisationBytes);
}

std::string subject_of(const KeyPlace& place) { return place.provider + "/" + place.organisation; }

std::vector<StoredKey> load_keys(Database& database) {
  std::vector<StoredKey> keys;
  StoredKey one;
  database.rows(
      "SELECT provider, organisation, sealed, hint, added_at, changed_at FROM stored_keys"
      " ORDER BY provider, organisation LIMIT :most",
      std::tie(one.place.provider, one.place.organisation, one.sealed, one.hint, one.added_at, one.changed_at),
      [&] {
        keys.push_back(one);
        return true;
      },
      kMaxStoredKeys);
  return keys;
}

}  // namespace

Answer<std::vector<StoredKey>> QuotaBook::keys() {
  return database_->reading([&]() -> Answer<std::vector<StoredKey>> { return load_keys(*database_); });
}

Answer<KeyPut> QuotaBook::put_key(const StoredKey& key, bool rotate, UnixMs now, const ActedBy& by) {
  if (!is_place(key.place) || key.sealed.empty() || !is_text(key.sealed, kMaxSealedBytes) ||
      !is_text(key.hint, kMaxSealedBytes) || now < 0 || now >= kMaxTime) {
    return QuotaError::bad_input;
  }
  const auto& [provider, organisation] = key.place;
  return database_->writing([&]() -> Answer<KeyPut> {
    long long count = 0;
    database_->row("SELECT COUNT(*) FROM stored_keys", std::tie(count));
    if (!rotate && count >= kMaxStoredKeys) return KeyPut::too_many;
    const bool changed =
        (rotate
             ? database_->change("UPDATE stored_keys SET sealed = :sealed, hint = :hint, changed_at = :now"
                                 " WHERE provider = :provider AND organisation = :organisation",
                                 key.sealed, key.hint, now, provider, organisation)
             : database_->change("INSERT INTO stored_keys (provider, organisation, sealed, hint, added_at, changed_at)"
                                 " VALUES (:provider, :organisation, :sealed, :hint, :added, :changed)"
                                 " ON CONFLICT (provider, organisation) DO NOTHING",
                                 provider, organisation, key.sealed, key.hint, now, now)) == 1;
    if (!changed) return rotate ? KeyPut::missing : KeyPut::there_already;
    const AuditAction action = rotate ? AuditAction::key_rotated : AuditAction::key_added;
    add_audit(*database_, {action, subject_of(key.place), JsonOut::object().set("hint", key.hint).dump()}, by, now);
    return rotate ? KeyPut::rotated : KeyPut::added;
  });
}

Answer<bool> QuotaBook::remove_key(const KeyPlace& place, UnixMs now, const ActedBy& by) {
  if (!is_place(place) || now < 0 || now >= kMaxTime) return QuotaError::bad_input;
  return database_->writing([&]() -> Answer<bool> {
    const bool removed =
        database_->change("DELETE FROM stored_keys WHERE provider = :provider AND organisation = :organisation",
                          place.provider, place.organisation) == 1;
    if (removed) add_audit(*database_, {AuditAction::key_removed, subject_of(place)}, by, now);
    return removed;
  });
}

Answer<bool> QuotaBook::reseal_keys(const std::vector<StoredKey>& before, const std::vector<std::string>& sealed,
                                    UnixMs now, const ActedBy& by) {
  if (before.size() != sealed.size() || now < 0 || now >= kMaxTime) return QuotaError::bad_input;
  return database_->writing([&]() -> Answer<bool> {
    const std::vector<StoredKey> there = load_keys(*database_);
    const bool same =
        std::equal(there.begin(), there.end(), before.begin(), before.end(),
                   [](const auto& a, const auto& b) { return a.place == b.place && a.sealed == b.sealed; });
    if (!same) return false;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const bool changed =
          database_->change(
              "UPDATE stored_keys SET sealed = :sealed WHERE provider = :provider"
              " AND organisation = :organisation AND sealed = :before",
              sealed[i], before[i].place.provider, before[i].place.organisation, before[i].sealed) == 1;
      // Another command came between: nothing of this one holds.
      if (!changed) return QuotaError::unavailable;
    }
    const auto count = static_cast<std::int64_t>(before.size());
    add_audit(*database_, {AuditAction::keys_resealed, {}, JsonOut::object().set("keys", count).dump()}, by, now);
    return true;
  });
}

}  // namespace keyhold::server

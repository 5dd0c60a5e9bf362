#include "server/commands/key_commands.h"

#include "base/base64.h"
#include "crypto/system_rng.h"
#include "server/quota/usage_text.h"

namespace keyhold::server {

namespace {

constexpr std::string_view kNoAnswer = "the database does not answer; nothing was changed";

std::string text_of(const KeyPlace& place) {
  return "the key of " + place.provider + (place.organisation.empty() ? "" : " for " + place.organisation);
}

}  // namespace

std::string new_secret() {
  SystemRng rng;
  const MasterKey key = MasterKey::make(rng);
  // REVEAL: the operator asked for it, to put it into the environment.
  return encode_base64url(key.reveal());
}

bool put_key(QuotaBook& book, const MasterKey& master, const KeyPlace& place, std::string_view key, bool rotate,
             UnixMs now, std::ostream& out, std::string& error) {
  error = fault_of_key(key);
  if (!error.empty()) return false;
  SystemRng rng;
  const StoredKey stored{place, seal_key(master, place, as_bytes(key), rng), hint_of_key(key)};
  const auto put = book.put_key(stored, rotate, now);
  if (!put) {
    error = kNoAnswer;
    return false;
  }
  switch (put.value()) {
    case KeyPut::added: out << text_of(place) << " is there: it ends in " << stored.hint << "\n"; return true;
    case KeyPut::rotated: out << text_of(place) << " was changed: it ends in " << stored.hint << "\n"; return true;
    case KeyPut::missing: error = text_of(place) + " is not there; key add puts it there"; return false;
    case KeyPut::there_already:
      error = text_of(place) + " is there already; key rotate puts another in its place";
      return false;
    case KeyPut::too_many: error = "there are too many keys in the database"; return false;
  }
  return false;
}

bool remove_key(QuotaBook& book, const KeyPlace& place, UnixMs now, std::ostream& out, std::string& error) {
  const auto removed = book.remove_key(place, now);
  if (removed && removed.value()) {
    out << text_of(place) << " is removed\n";
    return true;
  }
  error = removed ? text_of(place) + " is not there" : std::string(kNoAnswer);
  return false;
}

bool list_keys(QuotaBook& book, const MasterKey& master, std::ostream& out, std::string& error) {
  const auto keys = book.keys();
  if (!keys) {
    error = "the database does not answer";
    return false;
  }
  for (const StoredKey& one : keys.value()) {
    out << one.place.provider << "\t" << (one.place.organisation.empty() ? "-" : one.place.organisation) << "\t..."
        << one.hint << "\tsince " << text_of_day(one.changed_at)
        << (open_key(master, one.place, one.sealed) ? "" : "\tDOES NOT OPEN with this master key") << "\n";
  }
  if (keys.value().empty()) out << "There are no keys in the database.\n";
  return true;
}

bool reseal_keys(QuotaBook& book, const MasterKey& before, const MasterKey& master, UnixMs now, std::ostream& out,
                 std::string& error) {
  const auto keys = book.keys();
  error = kNoAnswer;
  if (!keys) return false;
  SystemRng rng;
  std::vector<std::string> sealed;
  for (const StoredKey& one : keys.value()) {
    const auto key = open_key(before, one.place, one.sealed);
    if (!key) {
      error = text_of(one.place) + " does not open with the old master key; nothing was changed";
      return false;
    }
    // REVEAL: to seal it again.
    sealed.push_back(seal_key(master, one.place, key->reveal(), rng));
  }
  const auto done = book.reseal_keys(keys.value(), sealed, now);
  if (!done) return false;
  if (!done.value()) {
    error = "a key was changed meanwhile; nothing of this was done, so try again";
    return false;
  }
  out << sealed.size() << " keys are sealed under the new master key\n";
  return true;
}

}  // namespace keyhold::server

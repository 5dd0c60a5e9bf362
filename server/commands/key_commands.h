// key_commands: the keys that lie in the database: added, rotated, listed, removed, and sealed anew under another master key.
#pragma once

#include <ostream>
#include <string>

#include "server/keys/sealed_key.h"
#include "server/quota/quota.h"

namespace keyhold::server {

/// For the environment: 32 fresh bytes in base64url. A master key is that, and the seed of a key that signs receipts.
std::string new_secret();

/// Puts `key` there, sealed. Each of these writes what was done to `out`, or what is wrong into `error` and is false.
bool put_key(QuotaBook& book, const MasterKey& master, const KeyPlace& place, std::string_view key, bool rotate,
             UnixMs now, std::ostream& out, std::string& error);
bool remove_key(QuotaBook& book, const KeyPlace& place, UnixMs now, std::ostream& out, std::string& error);
/// A line for each, with whether it opens under this master key.
bool list_keys(QuotaBook& book, const MasterKey& master, std::ostream& out, std::string& error);
/// All of them or none: each must open under `before`.
bool reseal_keys(QuotaBook& book, const MasterKey& before, const MasterKey& master, UnixMs now, std::ostream& out,
                 std::string& error);

}  // namespace keyhold::server

// manifest: the sealed list of everything the vault holds, so that nothing is swapped, dropped or put back unseen.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "vault/audit.h"
#include "vault/envelope.h"

namespace keyhold {

/// Stored rows by key, as `row_key` writes them.
using Rows = std::map<std::string, Bytes, std::less<>>;

/// What the manifest knows of one row.
struct ManifestEntry {
  std::int64_t rev;
  Digest digest;     // of the whole envelope
  std::string base;  // of a record, else empty
};

/// By row key; without manifest, ledger and audit rows.
using ManifestEntries = std::map<std::string, ManifestEntry, std::less<>>;
/// What entries become; nothing: they go. A change of one key is that, and no copy of a thousand entries.
using EntryChanges = std::map<std::string, std::optional<ManifestEntry>, std::less<>>;

struct ManifestHead {
  std::string vault;
  std::int64_t generation = 1;
  std::int64_t epoch = 1;
  AuditHead audit;
};

struct Manifest : ManifestHead {
  ManifestEntries entries;
  const ManifestHead& head() const { return *this; }
};

/// How one row differs from what the manifest says. Nothing is deleted because of it.
struct Finding {
  enum class Kind { missing, stale, swapped, altered, unexpected, rolled_back };
  Errc code;
  Kind kind;
  std::string key;  // of the row
};
std::string_view name(Finding::Kind kind) noexcept;

/// Of `entries` after `changes`.
Bytes seal_manifest(const ManifestHead& head, const ManifestEntries& entries, const EntryChanges& changes,
                    const SubKey& key, Rng& rng);
void apply(const EntryChanges& changes, ManifestEntries& entries);
/// `vault` is the vault the opened slot belongs to. ERR_BAD_FORMAT, ERR_SWAPPED (of another vault or place), ERR_TAMPERED.
Result<Manifest> open_manifest(ByteView bytes, std::string_view vault, const SubKey& key);

/// The entry that describes an envelope about to be stored.
ManifestEntry manifest_entry(const Header& header, ByteView bytes);

/// Is this row where it belongs? ERR_BAD_FORMAT, ERR_KDF_BOUNDS, or ERR_SWAPPED when purpose, vault or id are another's.
Result<Envelope> parse_row(std::string_view key, ByteView bytes, std::string_view vault);

/// Compares a row with its entry, without opening it. In this order: what parse_row says, ERR_ENDPOINT_MISMATCH,
/// ERR_STALE_RECORD, ERR_TAMPERED.
Result<Envelope> parse_listed_row(std::string_view key, ByteView bytes, std::string_view vault,
                                  const ManifestEntry& entry);

/// Every row the manifest lists but storage lacks or changed, and every row it does not list. Each row that is as listed
/// goes to `sound`. Ledger rows are not the manifest's concern.
std::vector<Finding> compare(const Manifest& manifest, const Rows& rows,
                             FunctionRef<void(const std::string&, const Envelope&)> sound);

}  // namespace keyhold

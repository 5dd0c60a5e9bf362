// manifest: the sealed list of everything the vault holds, so that nothing is swapped, dropped or put back unseen.
//
// It lies in several rows: a head, which lists slots, settings and pages, and a page for each first character that ids of
// records have, which lists those records. So a change writes the head and a page, whatever the vault holds.
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

/// By row key; without the head, ledger and audit rows.
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
  ManifestEntries entries;     // of the pages, and of what they list
  std::string unread_pages{};  // one character each: what they list is not in `entries`
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
using Findings = std::vector<Finding>;
/// One place makes them: each further one costs a hundred bytes of WebAssembly.
void report(Findings& findings, Errc code, Finding::Kind kind, const std::string& key);

bool is_page(std::string_view row) noexcept;
/// The page that lists this row; 0 for a row that the head lists.
char page_of(std::string_view row) noexcept;
std::string page_row_key(char page);

/// The head, of `entries` after `changes`. Their pages are sealed before.
Bytes seal_manifest(const ManifestHead& head, const ManifestEntries& entries, const EntryChanges& changes,
                    const SubKey& key, Rng& rng);
/// A page of them, with the manifest's own key; empty where no record is left for it.
Bytes seal_page(char page, const ManifestHead& head, const ManifestEntries& entries, const EntryChanges& changes,
                const SubKey& key, Rng& rng);
void apply(const EntryChanges& changes, ManifestEntries& entries);
/// What the head lists. `vault` is the vault the opened slot belongs to. ERR_BAD_FORMAT, ERR_SWAPPED (of another vault or
/// place), ERR_TAMPERED.
Result<Manifest> open_manifest(ByteView bytes, std::string_view vault, const SubKey& key);
/// Adds what a page lists, records of its own only: all or none. ERR_TAMPERED, ERR_BAD_FORMAT, ERR_BAD_JSON.
Result<void> open_page(const Envelope& envelope, const SubKey& key, ManifestEntries& entries);

/// The entry that describes an envelope about to be stored.
ManifestEntry manifest_entry(const Header& header, ByteView bytes);

/// Is this row where it belongs? ERR_BAD_FORMAT, ERR_KDF_BOUNDS, or ERR_SWAPPED when purpose, vault or id are another's.
Result<Envelope> parse_row(std::string_view key, ByteView bytes, std::string_view vault);

/// Compares a row with its entry, without opening it. In this order: what parse_row says, ERR_ENDPOINT_MISMATCH,
/// ERR_STALE_RECORD, ERR_TAMPERED.
Result<Envelope> parse_listed_row(std::string_view key, ByteView bytes, std::string_view vault,
                                  const ManifestEntry& entry);

/// A row that is exactly as listed goes to `sound`; of a page, what it lists goes to `manifest`. Entries that come so stand
/// behind the page's own: who goes through them all meets them in their turn. ERR_NOT_FOUND, or how the row differs.
Result<void> read_listed(Manifest& manifest, const Rows& rows, const std::string& row, const ManifestEntry& entry,
                         const SubKey& key, FunctionRef<void(const std::string&, const Envelope&)> sound);

/// Reads all that a manifest lists of which only the head is known. Reports every row that it lists but storage lacks or
/// changed, and every row it does not list. A record of a page that cannot be read goes to `sound`, too, as long as it is
/// in its place: nothing speaks against it. Ledger rows are not the manifest's concern.
void compare(Manifest& manifest, const Rows& rows, const SubKey& key,
             FunctionRef<void(const std::string&, const Envelope&)> sound, Findings& findings);

}  // namespace keyhold

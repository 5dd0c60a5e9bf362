// import: keys that came in a file and wait for the user's choice: what of them the vault already holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "providers/catalogue.h"
#include "providers/env_file.h"
#include "vault/backup.h"
#include "vault/vault.h"

namespace keyhold {

struct ImportItem {
  enum class State { fresh, same, differs };
  OpenedRecord key;
  State state = State::fresh;
  std::string existing;  // id of the record that is the same, or that it differs from
  bool usable = true;    // its provider is known here, at the address the key is sealed to
};
/// "new", "same" or "differs".
std::string_view name(ImportItem::State state) noexcept;

enum class ImportChoice { skip, add, replace };

struct Import {
  std::optional<UnixMs> made_at;  // of a backup
  std::vector<ImportItem> items;
  std::vector<CustomEndpoint> endpoints;
  std::vector<std::int64_t> skipped_lines;  // of a .env file
};

Import import_of(Backup backup, const Catalogue& catalogue, const Vault& vault);
Import import_of(EnvFile file, const Vault& vault, UnixMs now);

/// What the choices, one for each item, make of an import: records to be written, an empty id for a new one.
/// ERR_BAD_INPUT for another number of choices, for `replace` without something to replace, and for an item that is not
/// usable and not skipped.
Result<std::vector<OpenedRecord>> chosen(const Import& import, const std::vector<ImportChoice>& choices);

}  // namespace keyhold

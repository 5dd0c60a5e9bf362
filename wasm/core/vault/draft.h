// draft: a plan being put together. What each put and drop changes of the manifest is gathered, and sealed at the end: the
// pages that changed, and the head.
#pragma once

#include "vault/vault.h"

namespace keyhold {

class Vault::Draft {
 public:
  /// `before` is what the draft changes, and lives as long as it; `base` is what storage must hold until then.
  Draft(const Manifest& before, std::optional<Bytes> base) : manifest_(before.head()), entries_(&before.entries) {
    plan_.base = std::move(base);
  }

  const std::string& vault() const { return manifest_.vault; }
  ManifestHead& manifest() { return manifest_; }

  /// A sealed row that the manifest lists.
  void put(Bytes bytes) {
    const Header header = parse_envelope(bytes)->header;  // sealed a moment ago, or listed already
    std::string key = row_key(header.purpose, header.id);
    changes_.insert_or_assign(key, manifest_entry(header, bytes));
    std::erase(plan_.deletes, key);  // put in the place of what was dropped
    plan_.puts.insert_or_assign(std::move(key), std::move(bytes));
  }

  /// A sealed row beside the manifest, or one that it lists just so.
  void put_apart(std::string key, Bytes bytes) { plan_.puts.insert_or_assign(std::move(key), std::move(bytes)); }

  void drop(std::string key) {
    changes_.insert_or_assign(key, std::nullopt);
    plan_.deletes.push_back(std::move(key));
  }

  /// A row beside the manifest, or one that it does not list.
  void drop_apart(std::string key) { plan_.deletes.push_back(std::move(key)); }

  void note(const AuditEvent& event, const SubKey& key, Rng& rng) {
    Bytes entry = seal_audit_entry(event, manifest_.audit, manifest_.vault, key, rng);
    put_apart(audit_row_key(manifest_.audit.last), std::move(entry));
  }

  void name(std::string_view id) { plan_.id = id; }

  Staged finish(const SubKey& manifest_key, Rng& rng) && {
    for (std::string& row : trim_audit(manifest_.audit)) {
      plan_.puts.erase(row);
      plan_.deletes.push_back(std::move(row));
    }
    char sealed = 0;
    for (const auto& [row, change] : changes_) {
      const char page = page_of(row);
      if (page == sealed || page == 0) continue;
      sealed = page;
      // What these add to the changes stands before all records.
      if (Bytes bytes = seal_page(page, manifest_, *entries_, changes_, manifest_key, rng); !bytes.empty()) {
        put(std::move(bytes));
      } else {
        drop(page_row_key(page));
      }
    }
    plan_.puts.insert_or_assign("manifest", seal_manifest(manifest_, *entries_, changes_, manifest_key, rng));
    Staged staged;
    staged.plan = std::move(plan_);
    staged.manifest = std::move(manifest_);
    staged.changes = std::move(changes_);
    return staged;
  }

 private:
  ManifestHead manifest_;
  const ManifestEntries* entries_;
  EntryChanges changes_;
  Plan plan_;
};

}  // namespace keyhold

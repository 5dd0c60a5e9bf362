// The whole life of a vault against plain maps: random changes, abandoned plans, crashes before and after a write, locks,
// other tabs and every way in. KEYHOLD_EFFORT=full: ten times as many steps.
#include <cstdlib>

#include "vault/ways.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Key {
  std::string label, secret;
  std::optional<UnixMs> expires;
};

/// Everything a vault should know, without any of its code.
struct Model {
  struct Way {
    std::string name;
    std::uint8_t fill = 0;        // of a passphrase's key or a passkey's answer
    std::uint64_t code_seed = 0;  // of a recovery code
  };
  std::map<std::string, Key> keys;
  std::vector<std::string> order;
  std::string default_id;
  bool failover = false;
  std::map<std::string, Way> passkeys;
  std::string passphrase, recovery;  // slot ids; empty where there is none
  std::uint8_t passphrase_fill = 7;
  std::uint64_t code_seed = 0;
  std::map<std::string, std::int64_t> uses;
  std::int64_t epoch = 1;
  std::uint8_t file_fill = 0;  // of the passphrase's key of a file that is kept up to date; 0: there is none
};

class Life {
 public:
  explicit Life(std::uint64_t seed) : rng_(seed), vault_(rng_) {
    create(*vault_, shelf_);
    model_.passphrase = vault_->slots().at(0).id;
  }

  void step(int number) {
    now_ = 1000 + number * 1000;
    const Model before = model_;
    const auto plan = change();
    CAPTURE(number, what_);
    REQUIRE(plan.ok());
    const std::size_t fate = rng_.below(12);
    if (fate == 0) {
      vault_->abandon();  // the write failed
      model_ = before;
    } else if (fate == 1) {
      model_ = before;  // a crash before the write
      vault_.emplace(fresh());
    } else if (fate == 2) {
      write(*plan);  // a crash after it
      vault_.emplace(fresh());
    } else if (fate == 3) {
      write(*plan);  // a lock in between
      vault_->lock();
      REQUIRE(vault_->commit().error() == Errc::ERR_LOCKED);
      vault_.emplace(fresh());
    } else {
      write(*plan);
      REQUIRE(vault_->commit().ok());
    }
    if (rng_.below(25) == 0) vault_.emplace(fresh());
    if (rng_.below(10) == 0) {
      REQUIRE(*vault_->load(shelf_.envelopes, shelf_.ledger) == VaultState::unlocked);  // another tab wrote
    }
    if (rng_.below(4) == 0) use();
    agrees(*vault_);
  }

  /// Another worker sees the same, whichever way it came in.
  void ends() { agrees(fresh()); }

 private:
  template <class Map>
  std::string any(const Map& map) {
    return std::next(map.begin(), static_cast<long>(rng_.below(map.size())))->first;
  }

  void write(const Plan& plan) {
    REQUIRE(shelf_.write(plan).ok());
    for (auto& [id, key] : waiting_) model_.keys[id.empty() ? plan.id : id] = key;
    waiting_.clear();
    if (!new_slot_.empty()) REQUIRE(plan.id == new_slot_);
  }

  SlotKey passkey_key(const std::string& id) {
    return *passkey_slot_key(prf(model_.passkeys.at(id).fill), vault_id(shelf_), id);
  }
  SlotKey code_key(const std::string& id) { return recovery_code(model_.code_seed).slot_key(vault_id(shelf_), id); }

  SlotKey any_key() {
    const std::size_t ways = model_.passkeys.size() + 2;
    for (;;) {
      const std::size_t way = rng_.below(ways);
      if (way == 0 && !model_.passphrase.empty()) return slot_key(model_.passphrase_fill);
      if (way == 1 && !model_.recovery.empty()) return code_key(model_.recovery);
      if (way >= 2) return passkey_key(any(model_.passkeys));
    }
  }

  Vault fresh() {
    waiting_.clear();
    write_ledger();
    return opened(rng_, shelf_, any_key());
  }

  void write_ledger() {
    for (auto& [key, bytes] : vault_->take_ledger()) shelf_.ledger.insert_or_assign(key, bytes);
  }

  void use() {
    if (model_.keys.empty()) return;
    const std::string id = any(model_.keys);
    vault_->note_used(id, now_);
    vault_->note_checked(id, "ok", now_);
    if (rng_.below(2) == 0) write_ledger();
    REQUIRE(vault_->ledger(id).last_used_at == now_);
  }

  // What is to be done, done to the model already; what gets its id from the plan waits for it.
  Result<Plan> change() {
    waiting_.clear();
    new_slot_.clear();
    what_ = static_cast<int>(rng_.below(18));
    if (model_.keys.empty() || (what_ < 3 && model_.keys.size() < 40)) return add_key();
    const std::string id = any(model_.keys);
    Key& key = model_.keys[id];
    switch (what_) {
      case 3: {
        key.secret = next_secret();
        key.expires.reset();
        return vault_->plan_replace(id, "", secret(key.secret), now_);
      }
      case 4: {
        key.label = "label " + std::to_string(now_);
        return vault_->plan_label(id, key.label, now_);
      }
      case 5: {
        key.expires = rng_.below(2) == 0 ? std::nullopt : std::optional<UnixMs>(now_ + 5);
        return vault_->plan_expires(id, key.expires, now_);
      }
      case 6: {
        model_.default_id = id;
        return vault_->plan_default(id, now_);
      }
      case 7: return reorder();
      case 8: return import(id);
      case 9: return vault_->plan_backed_up("", now_);
      case 10: return change_passphrase();
      case 11: return put_recovery();
      case 12: return put_passkey();
      case 13: return remove_slot();
      case 14: return rotate();
      case 15: return toggle_auto_save();
      case 16: return vault_->plan_failover("openai", model_.failover = !model_.failover, now_);
      default: {
        model_.keys.erase(id);
        std::erase(model_.order, id);
        if (model_.default_id == id) model_.default_id.clear();
        if (model_.keys.empty()) model_.failover = false;
        return vault_->plan_delete(id, now_);
      }
    }
  }

  std::string next_secret() { return "sk-model-" + std::to_string(rng_.next()); }

  Result<Plan> add_key() {
    const Key key{"added " + std::to_string(now_), next_secret(), std::nullopt};
    waiting_[""] = key;
    return vault_->plan_add(openai_fields(), key.label, "", secret(key.secret), now_);
  }

  Result<Plan> reorder() {
    std::vector<std::string> order;
    for (const auto& [id, key] : model_.keys) {
      if (rng_.below(3) > 0) order.insert(order.begin() + static_cast<long>(rng_.below(order.size() + 1)), id);
    }
    model_.order = order;
    return vault_->plan_order(order, now_);
  }

  // One that replaces. New ones get ids that no plan tells, so they are left to the tests of import.
  Result<Plan> import(const std::string& id) {
    Record record = *vault_->find(id);
    Key& key = model_.keys[id];
    key = {"imported " + std::to_string(now_), next_secret(), now_};
    record.label = key.label;
    record.expires_at = key.expires;
    std::vector<OpenedRecord> list;
    list.push_back({std::move(record), secret(key.secret)});
    return vault_->plan_import(std::move(list), {}, now_);
  }

  Result<Plan> change_passphrase() {
    const SlotKey proof = any_key();
    const NewSlot slot = new_passphrase(*vault_);
    model_.passphrase = new_slot_ = slot.id;
    model_.passphrase_fill = static_cast<std::uint8_t>(1 + rng_.below(250));
    return vault_->plan_put_slot(proof, slot, slot_key(model_.passphrase_fill), now_);
  }

  Result<Plan> put_recovery() {
    const SlotKey proof = any_key();
    const NewSlot slot = new_recovery(*vault_);
    model_.recovery = new_slot_ = slot.id;
    model_.code_seed = rng_.next();
    return vault_->plan_put_slot(proof, slot, code_key(slot.id), now_);
  }

  Result<Plan> put_passkey() {
    const SlotKey proof = any_key();
    if (model_.passkeys.size() > 4) {
      const std::string slot = any(model_.passkeys);
      model_.passkeys[slot].name = "renamed " + std::to_string(now_);
      return vault_->plan_name_slot(slot, model_.passkeys[slot].name, now_);
    }
    const auto fill = static_cast<std::uint8_t>(1 + rng_.below(250));
    const NewSlot slot = new_passkey(*vault_, fill);
    model_.passkeys[slot.id] = {"laptop", fill, 0};
    new_slot_ = slot.id;
    return vault_->plan_put_slot(proof, slot, passkey_key(slot.id), now_);
  }

  Result<Plan> remove_slot() {
    const SlotKey proof = any_key();
    if (!model_.passkeys.empty() && rng_.below(2) == 0) {
      const std::string slot = any(model_.passkeys);
      model_.passkeys.erase(slot);
      return vault_->plan_remove_slot(proof, slot, now_);
    }
    if (model_.passphrase.empty() || model_.recovery.empty()) {
      const std::string& last = model_.passphrase.empty() ? model_.recovery : model_.passphrase;
      REQUIRE(vault_->plan_remove_slot(proof, last, now_).error() == Errc::ERR_LAST_SLOT);
      return change_passphrase();
    }
    std::string& gone = rng_.below(2) == 0 ? model_.passphrase : model_.recovery;
    const std::string slot = gone;
    gone.clear();
    return vault_->plan_remove_slot(proof, slot, now_);
  }

  Result<Plan> rotate() {
    std::vector<SlotKey> keys;
    if (!model_.passphrase.empty()) {
      keys.push_back(slot_key(model_.passphrase_fill));
    } else {
      keys.push_back(code_key(model_.recovery));
    }
    for (auto way = model_.passkeys.begin(); way != model_.passkeys.end();) {
      if (rng_.below(3) > 0) {
        keys.push_back(passkey_key(way->first));
        ++way;
      } else {
        way = model_.passkeys.erase(way);
      }
    }
    const NewSlot slot = new_recovery(*vault_);
    model_.recovery = slot.id;
    model_.code_seed = rng_.next();
    ++model_.epoch;
    model_.file_fill = 0;
    return vault_->plan_rotate_root(keys, slot, code_key(slot.id), shelf_.audit, now_);
  }

  Result<Plan> toggle_auto_save() {
    if (model_.file_fill != 0) {
      model_.file_fill = 0;
      return vault_->plan_end_auto_save(now_);
    }
    model_.file_fill = static_cast<std::uint8_t>(1 + rng_.below(250));
    const BackupKey file = make_backup_key(slot_fields(), slot_key(model_.file_fill), rng_);
    return vault_->plan_auto_save(any_key(), file, now_);
  }

  void agrees_on_file(const Vault& vault) {
    const auto file = vault.auto_save_key();
    REQUIRE(file.ok() == (model_.file_fill != 0));
    if (!file) {
      REQUIRE(file.error() == Errc::ERR_NOT_FOUND);
      return;
    }
    REQUIRE(open_backup(seal_backup({}, *file, rng_), slot_key(model_.file_fill)).ok());
  }

  void agrees(const Vault& vault) {
    require_whole(vault, shelf_);
    agrees_on_file(vault);
    std::map<std::string, std::string> secrets;
    for (const auto& [id, key] : model_.keys) {
      secrets[id] = key.secret;
      const Record* record = vault.find(id);
      REQUIRE(record != nullptr);
      REQUIRE(record->label == key.label);
      REQUIRE(record->expires_at == key.expires);
    }
    REQUIRE(secrets_of(vault) == secrets);
    const auto records = vault.records();
    for (std::size_t i = 0; i < model_.order.size(); ++i) REQUIRE(records.at(i)->id == model_.order[i]);
    if (!model_.default_id.empty()) REQUIRE(vault.default_record("openai")->id == model_.default_id);
    REQUIRE(vault.has_failover("openai") == model_.failover);
    std::set<std::string> expected;
    std::set<std::string> present;
    for (const auto& [id, way] : model_.passkeys) expected.insert(id + " " + way.name);
    if (!model_.passphrase.empty()) expected.insert(model_.passphrase + " ");
    if (!model_.recovery.empty()) expected.insert(model_.recovery + " ");
    for (const SlotView& slot : vault.slots()) present.insert(slot.id + " " + slot.note.name);
    REQUIRE(present == expected);
    REQUIRE(manifest_of(shelf_).epoch == model_.epoch);
    std::set<char> pages;
    for (const auto& [id, key] : model_.keys) pages.insert(id[0]);
    REQUIRE(shelf_.envelopes.size() == 2 + model_.keys.size() + pages.size() + expected.size());
    for (const auto& [row, bytes] : shelf_.ledger) REQUIRE(model_.keys.contains(row.substr(row.find('/') + 1)));
  }

  TestRng rng_;
  std::optional<Vault> vault_;
  Shelf shelf_;
  Model model_;
  std::map<std::string, Key> waiting_;  // by id; the empty one gets the plan's
  std::string new_slot_;
  UnixMs now_ = 0;
  int what_ = 0;
};

bool full_effort() {
  const char* effort = std::getenv("KEYHOLD_EFFORT");
  return effort != nullptr && std::string_view(effort) == "full";
}

}  // namespace

TEST_CASE("model: 1,000 random changes, crashes, locks and new root keys agree with plain maps") {
  // In lives of 250 steps: each with another beginning, and a trail of a length that can be read after every step.
  const int lives = full_effort() ? 40 : 4;
  for (int life = 0; life < lives; ++life) {
    CAPTURE(life);
    Life one(static_cast<std::uint64_t>(life) + 1);
    for (int number = 0; number < 250; ++number) one.step(number);
    one.ends();
  }
}

#include "server/keys/key_ring.h"

namespace keyhold::server {

namespace {

std::string name_of(std::string_view provider, std::string_view organisation) {
  std::string name(provider);
  name.push_back('\0');
  return name.append(organisation);
}

}  // namespace

std::optional<std::vector<StoredKey>> read_keys(QuotaBook& book) {
  auto stored = book.keys();
  if (!stored) return std::nullopt;
  return std::move(stored).value();
}

KeyRing::KeyRing(const OwnKeys& own, std::optional<MasterKey> master) : master_(std::move(master)) {
  for (const auto& [provider, key] : own) {
    // REVEAL: into the ring.
    own_.emplace(provider, std::make_shared<const SecretBytes>(SecretBytes::copy_of(key.reveal())));
  }
}

KeyRing::Found KeyRing::find(std::string_view provider, std::string_view organisation) const {
  const std::lock_guard lock(mutex_);
  if (!organisation.empty()) {
    const auto managed = stored_.find(name_of(provider, organisation));
    if (managed != stored_.end()) return {managed->second, true};
  }
  if (const auto own = own_.find(provider); own != own_.end()) return {own->second};
  const auto stored = stored_.find(name_of(provider, {}));
  return stored == stored_.end() ? Found{} : Found{stored->second};
}

void KeyRing::refresh(const ReadKeys& read, UnixMs now) {
  if (!master_) return;
  {
    const std::lock_guard lock(mutex_);
    if (now - read_at_ < kKeysFreshMs) return;
    read_at_ = now;
  }
  auto stored = read();
  const std::lock_guard lock(mutex_);
  if (stored) take(*std::move(stored));
}

void KeyRing::take(std::vector<StoredKey> stored) {
  Keys keys;
  std::map<std::string, std::string, std::less<>> sealed;
  unopened_ = 0;
  for (StoredKey& one : stored) {
    const std::string name = name_of(one.place.provider, one.place.organisation);
    const auto known = sealed_.find(name);
    // What has not changed need not be opened again.
    if (known != sealed_.end() && known->second == one.sealed) {
      keys.emplace(name, stored_.at(name));
    } else if (auto key = open_key(*master_, one.place, one.sealed)) {
      keys.emplace(name, std::make_shared<const SecretBytes>(*std::move(key)));
    } else {
      ++unopened_;
      continue;
    }
    sealed.emplace(name, std::move(one.sealed));
  }
  stored_ = std::move(keys);
  sealed_ = std::move(sealed);
}

void KeyRing::expire() {
  const std::lock_guard lock(mutex_);
  read_at_ = -kKeysFreshMs;
}

std::size_t KeyRing::unopened() const {
  const std::lock_guard lock(mutex_);
  return unopened_;
}

}  // namespace keyhold::server

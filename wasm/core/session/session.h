// session: the vault and the providers together: which key goes with which request. All decisions of the worker are
// made here or below. Not thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "policy/throttle.h"
#include "providers/catalogue.h"
#include "session/exchange.h"
#include "vault/vault.h"

namespace keyhold {

/// What keyhold.config.json of a site says to the engine.
struct SiteConfig {
  struct Demo {
    std::string provider;
    std::string key;  // a key everybody may know: it opens nothing but the demo provider
  };
  std::optional<Demo> demo;
  bool custom_endpoints = true;  // false: endpoints of the user's own only on this computer
};

/// What may be shown of a stored key.
struct KeyView {
  const Record* record = nullptr;
  LedgerRow ledger;
  bool is_default = false;
};

class Session {
 public:
  Session(Rng& rng, Catalogue catalogue) : rng_(rng), catalogue_(std::move(catalogue)), vault_(rng) {}

  /// ERR_BAD_JSON and what Catalogue::add_site says; nothing changes then.
  Result<SiteConfig> configure(ByteView config);

  // --- the vault ---

  VaultState state() const noexcept { return vault_.state(); }
  Result<VaultState> load(Rows envelopes, Rows ledger);
  SlotKdf make_kdf(double measured_ms);
  Result<SlotKdf> passphrase_kdf() const { return vault_.passphrase_slot(); }
  Result<void> unlock(const SlotKey& slot_key);
  void lock() noexcept;
  std::vector<Finding> findings() const { return vault_.findings(); }

  Result<Plan> plan_create(const SlotKdf& kdf, const SlotKey& slot_key, UnixMs now) {
    return vault_.plan_create(kdf, slot_key, now);
  }
  /// `pasted` is what the user put into the field. ERR_UNKNOWN_PROVIDER, ERR_BAD_KEY_TEXT, and what Vault says.
  Result<Plan> plan_add(std::string_view provider, std::string_view label, const SecretBytes& pasted, UnixMs now);
  Result<Plan> plan_replace(std::string_view key, const SecretBytes& pasted, UnixMs now);
  Result<Plan> plan_label(std::string_view key, std::string_view label, UnixMs now) {
    return vault_.plan_label(key, label, now);
  }
  Result<Plan> plan_delete(std::string_view key, UnixMs now) { return vault_.plan_delete(key, now); }
  Result<Plan> plan_default(std::string_view key, UnixMs now) { return vault_.plan_default(key, now); }
  /// ERR_BAD_INPUT (name or address), ERR_NOT_PERMITTED_BY_SITE.
  Result<Plan> plan_add_endpoint(std::string_view name, std::string_view base, UnixMs now);
  Result<Plan> plan_remove_endpoint(std::string_view provider, UnixMs now) {
    return vault_.plan_remove_endpoint(provider, now);
  }
  Result<void> commit();
  void abandon() noexcept { vault_.abandon(); }

  // --- looking ---

  std::vector<KeyView> keys() const;
  const std::vector<ProviderRef>& providers() const noexcept { return catalogue_.all(); }
  Rows take_ledger() { return vault_.take_ledger(); }
  void note_checked(std::string_view key, std::string_view code, UnixMs now) { vault_.note_checked(key, code, now); }

  // --- calls: ERR_LOCKED unless unlocked ---

  /// ERR_UNKNOWN_PROVIDER, ERR_BAD_KEY_TEXT, ERR_CHECKED_TOO_OFTEN.
  Result<Exchange> check_new(std::string_view provider, const SecretBytes& pasted, UnixMs now);
  /// For a new secret in a stored key's place: checked at the endpoint that key is sealed to.
  Result<Exchange> check_replacement(std::string_view key, const SecretBytes& pasted, UnixMs now);
  Result<Exchange> check_stored(std::string_view key, UnixMs now);
  Result<Exchange> models(std::string_view key, UnixMs now);
  Result<Exchange> chat(std::string_view key, std::string_view model, std::span<const ChatMessage> messages,
                        std::int64_t max_tokens, UnixMs now);
  /// `key`: a stored key's id, or "" for the provider's default. ERR_UNKNOWN_ENDPOINT, ERR_PATH_NOT_ALLOWED,
  /// ERR_NO_KEY, ERR_ENDPOINT_MISMATCH, and what caller_request says.
  Result<Exchange> fetch(std::string_view url, std::string_view method, const Headers& headers,
                         std::optional<ByteView> body, std::string_view key, UnixMs now);

 private:
  struct Opened {
    ProviderRef provider;
    SecretBytes secret;
  };
  Result<Opened> open_key(std::string_view key) const;
  Result<ProviderRef> provider_of(const Record& record) const;
  Result<Exchange> check(ProviderRef provider, const SecretBytes& secret, std::string key_id, UnixMs now);
  void take_over_endpoints();

  Rng& rng_;
  Catalogue catalogue_;
  Vault vault_;
  CheckThrottle throttle_;
  SiteConfig site_;
};

}  // namespace keyhold

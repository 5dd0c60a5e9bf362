// session: the vault and the providers together: which key goes with which request. All decisions of the worker are
// made here or below. Not thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "policy/app_key.h"
#include "policy/auto_lock.h"
#include "policy/throttle.h"
#include "providers/catalogue.h"
#include "providers/pasted.h"
#include "providers/price.h"
#include "session/exchange.h"
#include "session/import.h"
#include "session/pending_logins.h"
#include "session/receipt_errand.h"
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
  /// As what the site is known to providers that want to know who sends somebody to log in: JSON of {provider: {clientId}},
  /// or "". Read when it is needed (session_login.cpp).
  std::string logins;
  /// The app's keyhold-server: JSON of {url, tokenUrl}, or "" (session_app.cpp).
  std::string server;
};

/// What a page says of the app's key when it wants a call made.
struct AppOffer {
  std::string server;     // whose tokens the page has
  bool chosen = false;    // a person has just chosen the app's key, in the vault's own page
  bool newcomer = false;  // a page of another origin: nobody has ever allowed it anything
};

/// What may be shown of a stored key.
struct KeyView {
  const Record* record = nullptr;
  LedgerRow ledger;
  bool is_default = false;
  bool failover = false;  // may others of its provider stand in for it?
};

/// What navigator.credentials.create() needs. The user id is random: the same one would overwrite another site's passkey.
struct NewPasskey {
  std::string slot;
  std::array<std::uint8_t, 32> user_id;
  PasskeyFields::Salts salts;
};

/// Keys of one provider that one call may try.
inline constexpr std::size_t kMaxTries = 8;

/// A login that was begun: where the person is to be sent, and the name it goes by.
struct LoginStart {
  std::string url;
  std::string state;
};

/// Where a key from a login belongs.
struct LoginTarget {
  std::string key;    // in this stored key's place; "": a new one
  std::string label;  // of a new one
};

class Session {
 public:
  Session(Rng& rng, Catalogue catalogue) : rng_(rng), catalogue_(std::move(catalogue)), vault_(rng) {}

  /// ERR_BAD_JSON and what Catalogue::add_site says; nothing changes then.
  Result<SiteConfig> configure(ByteView config);

  // --- the vault ---

  VaultState state() const noexcept { return vault_.state(); }
  Result<VaultState> load(Rows envelopes, Rows ledger);
  /// With a new salt.
  SlotKdf make_kdf(KdfParams params);
  Result<SlotKdf> passphrase_kdf() const { return vault_.passphrase_slot(); }
  std::vector<SlotView> slots() const { return vault_.slots(); }
  Result<SlotKey> passkey_key(std::string_view slot, const SecretBytes& prf) const {
    return vault_.passkey_key(slot, prf);
  }
  /// ERR_RECOVERY_CODE for what is no code, ERR_NOT_FOUND.
  Result<SlotKey> recovery_key(const SecretBytes& typed) const;
  Result<void> unlock(const SlotKey& slot_key, UnixMs now = 0, std::int64_t failed_before = 0);
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
  /// `like`: id of the provider it is as, or "" for an OpenAI-compatible one. ERR_BAD_INPUT (name or address),
  /// ERR_UNKNOWN_PROVIDER, ERR_NOT_PERMITTED_BY_SITE.
  Result<Plan> plan_add_endpoint(std::string_view name, std::string_view base, std::string_view like, UnixMs now);
  Result<Plan> plan_remove_endpoint(std::string_view provider, UnixMs now) {
    return vault_.plan_remove_endpoint(provider, now);
  }
  Result<Plan> plan_expires(std::string_view key, std::optional<UnixMs> at, UnixMs now) {
    return vault_.plan_expires(key, at, now);
  }
  Result<Plan> plan_order(const std::vector<std::string>& keys, UnixMs now) { return vault_.plan_order(keys, now); }
  Result<Plan> plan_failover(std::string_view provider, bool on, UnixMs now) {
    return vault_.plan_failover(provider, on, now);
  }
  Result<Plan> plan_lock_minutes(std::int64_t minutes, UnixMs now) { return vault_.plan_lock_minutes(minutes, now); }
  Result<Plan> plan_notes() { return vault_.plan_notes(); }
  std::size_t waiting_notes() const { return vault_.waiting_notes(); }
  Result<void> commit();
  void abandon() noexcept { vault_.abandon(); }

  // --- ways in (session_keeping.cpp). `proof` opens a slot now: ERR_CANNOT_UNLOCK otherwise ---

  Result<void> prove(const SlotKey& proof) const { return vault_.prove(proof); }
  /// Salts and an id for a passkey about to be made; the next plan_add_passkey is for it.
  NewPasskey make_passkey();
  /// ERR_WRONG_STATE without make_passkey, ERR_PASSKEY_PRF, ERR_BAD_INPUT.
  Result<Plan> plan_add_passkey(const SlotKey& proof, ByteView credential, std::string_view rp, const SecretBytes& prf,
                                std::string_view name, UnixMs now);
  /// A recovery code to show once. It opens nothing before a plan that takes it.
  SecretBytes make_recovery();
  /// `typed`: the end of the code shown. ERR_RECOVERY_TYPED, ERR_WRONG_STATE without make_recovery.
  Result<Plan> plan_add_recovery(const SlotKey& proof, const SecretBytes& typed, UnixMs now);
  Result<Plan> plan_change_passphrase(const SlotKey& proof, const SlotKdf& kdf, const SlotKey& slot_key, UnixMs now);
  Result<Plan> plan_remove_slot(const SlotKey& proof, std::string_view slot, UnixMs now) {
    return vault_.plan_remove_slot(proof, slot, now);
  }
  Result<Plan> plan_name_slot(std::string_view slot, std::string_view name, UnixMs now) {
    return vault_.plan_name_slot(slot, name, now);
  }
  Result<Plan> plan_rotate_root(std::span<const SlotKey> kept, const SecretBytes& typed, const Rows& audit, UnixMs now);
  /// The stronger cost this passphrase slot should have by today's standard; nothing if it is strong enough.
  std::optional<SlotKdf> stronger_kdf();

  // --- backup and import ---

  /// With what the file's passphrase is to be derived: never less than the vault's own.
  SlotKdf make_backup_kdf();
  /// The file. plan_backed_up is to follow. ERR_LOCKED, and what opening a record says.
  Result<Bytes> make_backup(const SlotKey& proof, const SlotKdf& kdf, const SlotKey& file_key, UnixMs now);
  Result<Plan> plan_backed_up(std::string_view copied_to, UnixMs now) { return vault_.plan_backed_up(copied_to, now); }
  /// A file that is written after each change: auto_save_file(), from the plan on. What make_backup says.
  Result<Plan> plan_auto_save(const SlotKey& proof, const SlotKdf& kdf, const SlotKey& file_key, UnixMs now);
  Result<Plan> plan_end_auto_save(UnixMs now) { return vault_.plan_end_auto_save(now); }
  /// What is to be in the file now. What Vault::auto_save_key says.
  Result<Bytes> auto_save_file(UnixMs now);
  /// What is opened waits for plan_import or close_import. ERR_LOCKED, and what open_backup says.
  Result<void> open_backup(ByteView file, const SlotKey& file_key);
  Result<void> open_env(const SecretBytes& text, UnixMs now);
  const std::optional<Import>& import() const noexcept { return import_; }
  /// ERR_WRONG_STATE when nothing is open, and what chosen() and Vault::plan_import say.
  Result<Plan> plan_import(const std::vector<ImportChoice>& choices, UnixMs now);
  void close_import() noexcept { import_.reset(); }

  // --- keys by login (session_login.cpp) ---

  bool offers_login(const Provider& provider) const;
  /// `callback`: the page of this site to come back to. ERR_UNKNOWN_PROVIDER; ERR_BAD_INPUT for a provider without a login
  /// and for what is no such address; ERR_BAD_JSON for a login or client id that the site configured wrongly.
  Result<LoginStart> begin_login(std::string_view provider, std::string_view callback, UnixMs now);
  /// Ends the login of that state, once; nothing is changed by ERR_BAD_INPUT (code, label), ERR_TOO_MANY, ERR_NOT_FOUND.
  /// ERR_LOGIN_STATE, ERR_ENDPOINT_MISMATCH.
  Result<Exchange> exchange_login(std::string_view state, std::string_view code, const LoginTarget& target, UnixMs now);
  /// The key that came; a new one if the one to be replaced is gone. What Exchange::grant() says, ERR_BAD_ANSWER if it is
  /// no key, and what Vault says.
  Result<Plan> plan_login(const Exchange& exchange, const LoginTarget& target, UnixMs now);

  // --- the copy kept elsewhere ---

  /// ERR_BAD_FORMAT; then nothing is known of it.
  Result<void> know_copy(ByteView archive);
  Result<Plan> plan_repair(ByteView archive, UnixMs now);
  bool can_be_opened() const { return vault_.can_be_opened(); }
  Result<Plan> plan_recover(ByteView archive) const;
  Result<Plan> plan_keep_state(UnixMs now) { return vault_.plan_keep_state(now); }
  Result<Plan> plan_restart_trail(UnixMs now) { return vault_.plan_restart_trail(now); }
  /// All rows but the ledger's and the audit trail's, for the copy; of those that are not as they should be, the ones in
  /// `before`, the copy until now, if they are. Empty while the copy is to be left as it is: it holds a later state than
  /// this one, or what a lost part of the manifest lists.
  Bytes copy(ByteView before) const;

  // --- when to lock ---

  void touch(Clocks now, bool by_host) { auto_lock_.touch(now, by_host); }
  void start_clock(Clocks now) { auto_lock_.start(now); }
  std::int64_t lock_due_in_ms(Clocks now, AutoLock::Busy busy) const {
    return auto_lock_.due_in_ms(now, vault_.settings().lock_minutes * kMinuteMs, busy);
  }

  // --- looking ---

  const Settings& settings() const { return vault_.settings(); }
  bool backup_is_current() const { return vault_.backup_is_current(); }
  Digest keys_digest() const { return vault_.keys_digest(); }
  Result<AuditTrail> audit(const Rows& rows) const { return vault_.audit(rows); }

  std::vector<KeyView> keys() const;
  /// One of them, without looking at the others; nothing if there is none of that id.
  std::optional<KeyView> key(std::string_view id) const;
  const std::vector<ProviderRef>& providers() const noexcept { return catalogue_.all(); }
  /// What somebody put into the field for a key of `provider`, or of "" none yet. For hints only.
  Pasted look_at(std::string_view provider, const SecretBytes& text) const {
    return keyhold::look_at(catalogue_, catalogue_.find(provider).get(), text);
  }
  Rows take_ledger() { return vault_.take_ledger(); }
  void note_checked(std::string_view key, std::string_view code, UnixMs now) { vault_.note_checked(key, code, now); }
  void note_reflected(std::string_view key, UnixMs now) { vault_.note_reflected(key, now); }

  // --- what calls cost ---

  /// The price list, as scripts/make-prices.mjs makes it. ERR_BAD_FORMAT, ERR_TOO_LARGE; the one before stays then.
  Result<void> use_prices(ByteView file);
  /// "" before there is a list.
  std::string_view prices_made() const { return prices_ ? prices_->made() : std::string_view(); }
  /// What the call costs, for settle() to take: nothing where no list says so.
  void price(Exchange& call, UnixMs now);
  /// The call is over, however it ended, and priced if it could be: says what it cost, and notes it. Does nothing the second
  /// time. `app`: the origin of the page that asked, "" for the vault's own.
  void settle(Exchange& call, std::string_view app, UnixMs now);

  /// Its key and its grant, as far as they have a cap: the call is not to be sent before reserve() for each.
  std::vector<std::string> holders(const Exchange& call) const;
  /// The row, to be written in the transaction in which it was read: "spend/" and `whose`, one of holders(). Null: there is
  /// none yet.
  /// ERR_CAP_REACHED (the call then knows more), ERR_CAP_UNBOUNDED, and what Vault::reserve says.
  Result<Bytes> reserve(Exchange& call, std::string_view whose, const Bytes* stored, UnixMs now);
  /// The same for a call that goes on, at least once in kHoldLeaseMs. ERR_WRONG_STATE for one without a hold.
  Result<Bytes> renew(Exchange& call, std::string_view whose, const Bytes* stored, UnixMs now);

  Result<Plan> plan_caps(std::string_view key, const Caps& caps, UnixMs now) {
    return vault_.plan_caps(key, caps, now);
  }
  // --- pages of other origins (session_access.cpp) ---

  /// ERR_BAD_INPUT for what is no origin, and what check_terms() and Vault::plan_grant say.
  Result<Plan> plan_grant(std::string_view origin, const GrantTerms& terms, UnixMs now);
  Result<Plan> plan_revoke(std::string_view id, UnixMs now) { return vault_.plan_revoke(id, now); }
  /// What this page may do. Null: nothing, or not any more; and while the vault is locked.
  const Grant* grant_to(std::string_view origin, UnixMs now) const;
  /// Is there a key of this provider, so that a call would go out with it?
  bool is_ready(std::string_view provider) const;

  bool usage_waits() const { return vault_.usage_waits(); }
  std::vector<std::string> usage_rows(const Rows& late) const { return vault_.usage_rows(late); }
  UsageChange take_usage(const Rows& late, const Rows& stored) { return vault_.take_usage(late, stored); }
  void usage_written(bool done) { vault_.usage_written(done); }
  Rows last_usage() { return vault_.last_usage(); }
  Result<UsageHistory> usage(const Rows& rows) const { return vault_.usage(rows); }
  Result<Spend> spending(std::string_view key, const Bytes* stored) const { return vault_.spending(key, stored); }

  // --- calls: ERR_LOCKED unless unlocked ---

  /// ERR_UNKNOWN_PROVIDER, ERR_NO_CORS, ERR_BAD_KEY_TEXT, ERR_CHECKED_TOO_OFTEN.
  Result<Exchange> check_new(std::string_view provider, const SecretBytes& pasted, UnixMs now);
  /// For a new secret in a stored key's place: checked at the endpoint that key is sealed to.
  Result<Exchange> check_replacement(std::string_view key, const SecretBytes& pasted, UnixMs now);
  Result<Exchange> check_stored(std::string_view key, UnixMs now);
  /// How long until a key of this provider, or of this stored key's, may be checked again; 0: at once.
  std::int64_t check_wait_ms(std::string_view of, UnixMs now) const {
    const Record* record = vault_.find(of);
    return throttle_.wait_ms(record == nullptr ? of : record->fields.provider, now);
  }
  Result<Exchange> models(std::string_view key, UnixMs now);
  Result<Exchange> chat(std::string_view key, std::string_view model, std::span<const ChatMessage> messages,
                        std::int64_t max_tokens, UnixMs now);
  /// `key`: a stored key's id, or "" for the provider's default. ERR_UNKNOWN_ENDPOINT, ERR_PATH_NOT_ALLOWED,
  /// ERR_NO_KEY, ERR_ENDPOINT_MISMATCH, and what caller_request says.
  /// `app_offered`: the page has tokens for the app's server.
  Result<Exchange> fetch(std::string_view url, std::string_view method, const Headers& headers, const CallerBody& body,
                         std::string_view key, UnixMs now, bool app_offered = false);
  /// The same for a page of another origin. ERR_NEEDS_USER without a grant, also while the vault is locked; ERR_NOT_GRANTED.
  Result<Exchange> fetch_for(std::string_view origin, std::string_view url, std::string_view method,
                             const Headers& headers, const CallerBody& body, UnixMs now, bool app_offered = false);
  /// The call `refused`, which moves_on(), with the next key, or behind the last by the app's server `server`.
  /// ERR_WRONG_STATE for one that does not, and what by_app() says.
  Result<Exchange> again(Exchange& refused, UnixMs now, std::string_view server = {});

  // --- calls with the app's key (session_app.cpp). Each wants_token() ---

  /// For a call that fetch() had no key for. `origin`: of the page that asks, "" for the vault's own.
  /// ERR_LOCKED: a locked vault is not one without keys; ERR_NEEDS_USER, unless the page is a newcomer; ERR_NO_KEY,
  /// ERR_ASK_FIRST; ERR_NOT_PERMITTED_BY_SITE for another server than the site's; and what fetch() says.
  Result<Exchange> fetch_by_app(const AppOffer& offer, std::string_view origin, std::string_view url,
                                std::string_view method, const Headers& headers, const CallerBody& body, UnixMs now);
  Result<Exchange> chat_by_app(const AppOffer& offer, std::string_view provider, std::string_view model,
                               std::span<const ChatMessage> messages, std::int64_t max_tokens);
  /// Nothing: the user never decided.
  std::optional<AppKeyUse> app_key_use(std::string_view provider) const;
  /// For a call that the user's own keys are refused for, out of quota or credit: only if they decided so beforehand.
  bool app_key_stands_in(std::string_view provider) const;
  /// And the call is one that the app pays for.
  bool app_key_stands_in(const Exchange& call) const;
  /// ERR_UNKNOWN_PROVIDER.
  Result<Plan> plan_app_key_use(std::string_view provider, AppKeyUse use, UnixMs now);

  // --- receipts of such calls (session_receipts.cpp) ---

  /// For a call that is over, and settled. `number`: the server's of it, as it said. Nothing where there is no receipt to be
  /// had: by the user's own key, or without such a number; and while the vault is locked.
  std::optional<ReceiptErrand> begin_receipt(const Exchange& call, std::string_view number, UnixMs now) const;
  /// The errand's next request, `token` being the user's for the app's server. ERR_WRONG_STATE if there is none.
  Result<Exchange> ask_receipt(const ReceiptErrand& errand, const SecretBytes& token) const;
  /// What was answered, as far as it came.
  static void read_receipt(ReceiptErrand& errand, const Exchange& asked);
  /// `genuine`: whether the signature holds; nothing where that could not be told. `stored`: of receipt_rows().
  UsageChange keep_receipt(const ReceiptErrand& errand, std::optional<bool> genuine, const Rows& stored, UnixMs now);
  Result<ReceiptHistory> receipts(const Rows& rows) const { return vault_.receipts(rows); }

 private:
  struct Opened {
    ProviderRef provider;
    SecretBytes secret;
  };
  Result<Opened> open_key(std::string_view key) const;
  KeyView view_of(const Record& record, bool is_default) const;
  Result<ProviderRef> provider_of(const Record& record) const;
  const Record* next_key(const Exchange& call, UnixMs now) const;
  Result<void> check_file_kdf(const SlotKdf& kdf) const;
  Result<Backup> everything(UnixMs now) const;
  Result<ProviderRef> usable_provider(std::string_view id) const;
  Result<Exchange> check(ProviderRef provider, const SecretBytes& secret, std::string key_id, UnixMs now);
  Result<void> can_take(const LoginTarget& target) const;
  Result<Exchange> pass(const Grant* grant, std::string_view url, std::string_view method, const Headers& headers,
                        const CallerBody& body, std::string_view key, UnixMs now, bool app_offered);
  /// The site's. ERR_NOT_PERMITTED_BY_SITE where it has none.
  Result<Endpoint> server() const;
  /// The same, if that is the one meant. ERR_NOT_PERMITTED_BY_SITE.
  Result<Endpoint> server_of(std::string_view meant) const;
  Result<Exchange> by_app(Exchange& refused, std::string_view server) const;
  void take_over_endpoints();
  /// By the site's configuration.
  bool permits(const Endpoint& own) const;

  Rng& rng_;
  Catalogue catalogue_;
  Vault vault_;
  std::optional<Import> import_;
  std::optional<RecoveryCode> recovery_;  // shown, not yet confirmed
  std::optional<NewSlot> passkey_;        // asked for, not yet made
  PendingLogins logins_;
  AutoLock auto_lock_;
  CheckThrottle throttle_;
  SiteConfig site_;
  std::optional<PriceList> prices_;
};

}  // namespace keyhold

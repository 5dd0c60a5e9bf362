// engine: the session as JavaScript sees it (Engine in web/src/worker/engine-module.ts). Convert, call, convert.
#include <emscripten/bind.h>

#include <memory>

#include "buffer.h"
#include "call_binding.h"
#include "convert.h"
#include "crypto/self_test.h"
#include "crypto/system_rng.h"
#include "session/session.h"

namespace keyhold::bindings {

namespace {

using bindings::to_js;

SystemRng system_rng;

/// Times come from Date.now() as doubles.
UnixMs to_time(double now) { return static_cast<UnixMs>(now); }

val to_plan(Result<Plan> plan) {
  return outcome(std::move(plan), [](const Plan& made) { return to_js(made); });
}

val to_call(Result<Exchange> exchange) {
  return outcome(std::move(exchange),
                 [](Exchange made) { return val(std::make_shared<CallBinding>(std::move(made))); });
}

std::string state_name(VaultState state) {
  return state == VaultState::absent ? "absent" : state == VaultState::locked ? "locked" : "unlocked";
}

Result<SlotKdf> kdf_from(const val& kdf) {
  KEYHOLD_TRY(const KdfParams params, KdfParams::from(kdf["passes"].as<int>(), kdf["memKib"].as<int>()));
  const Bytes salt = from_uint8array(kdf["salt"]);
  SlotKdf fields{params, {}};
  if (salt.size() != fields.salt.size()) return Errc::ERR_BAD_INPUT;
  std::copy(salt.begin(), salt.end(), fields.salt.begin());
  return fields;
}

JsonOut to_json(const KeyView& view) {
  const Record& record = *view.record;
  JsonOut object = JsonOut::object();
  object.set("id", record.id).set("provider", record.fields.provider).set("base", record.fields.base);
  object.set("label", record.label).set("hint", record.hint).set("isDefault", view.is_default);
  object.set("createdAt", record.created_at).set("changedAt", record.changed_at);
  if (view.ledger.last_used_at) {
    object.set("lastUsedAt", *view.ledger.last_used_at);
  } else {
    object.set_null("lastUsedAt");
  }
  if (view.ledger.last_check) {
    JsonOut checked = JsonOut::object();
    checked.set("at", view.ledger.last_check->at).set("code", view.ledger.last_check->code);
    object.set("lastChecked", checked);
  } else {
    object.set_null("lastChecked");
  }
  return object;
}

JsonOut to_json(const Provider& provider) {
  JsonOut object = JsonOut::object();
  object.set("id", provider.id).set("name", provider.name).set("base", provider.base.text());
  object.set("kind", name(provider.kind)).set("wire", name(provider.wire)).set("keyOptional", provider.key_optional);
  object.set("steps", bindings::to_json(provider.steps)).set("keyPrefixes", bindings::to_json(provider.key_prefixes));
  const auto set = [&](std::string_view key, const std::string& text) {
    if (!text.empty()) object.set(key, text);
  };
  set("consoleUrl", provider.console_url);
  set("docsUrl", provider.docs_url);
  set("suggestedModel", provider.suggested_model);
  return object;
}

JsonOut to_json(const Finding& finding) {
  JsonOut object = JsonOut::object();
  const std::string_view key = finding.key;
  const std::size_t slash = key.find('/');
  object.set("code", name(finding.code)).set("kind", name(finding.kind)).set("purpose", key.substr(0, slash));
  object.set("id", slash == std::string_view::npos ? key : key.substr(slash + 1));
  return object;
}

JsonOut to_json(const SiteConfig& site) {
  JsonOut object = JsonOut::object();
  object.set("customEndpoints", site.custom_endpoints);
  if (site.demo) {
    JsonOut demo = JsonOut::object();
    demo.set("provider", site.demo->provider).set("key", site.demo->key);
    object.set("demo", demo);
  } else {
    object.set_null("demo");
  }
  return object;
}

Result<std::vector<ChatMessage>> messages_from(const val& array) {
  KEYHOLD_TRY(const Json json, from_js(array));
  std::vector<ChatMessage> messages;
  KEYHOLD_CHECK(json.root().each([&](JsonRef object) -> Result<void> {
    KEYHOLD_TRY(const JsonRef role, object.field("role"));
    KEYHOLD_TRY(const std::string_view who, role.text());
    KEYHOLD_TRY(const JsonRef text, object.field("text"));
    KEYHOLD_TRY(const std::string_view said, text.text(kMaxBodyBytes));
    messages.push_back({who == "system"      ? ChatMessage::Role::system
                        : who == "assistant" ? ChatMessage::Role::assistant
                                             : ChatMessage::Role::user,
                        std::string(said)});
    return {};
  }));
  return messages;
}

val run_self_test() { return outcome(self_test()); }

val derive(const Buffer& passphrase, val kdf) {
  const auto fields = kdf_from(kdf);
  if (!fields) return outcome(fields.error());
  return outcome(derive_slot_key(passphrase.bytes(), fields->salt, fields->kdf), [](const SlotKey& key) {
    // REVEAL: 32 bytes for the vault's instance; the shell hands them over and wipes.
    return to_uint8array(key.reveal());
  });
}

class Engine {
 public:
  Engine() : session_(system_rng, Catalogue::builtin().value()) {}

  val configure(val config) {
    return outcome(session_.configure(from_uint8array(config)),
                   [](const SiteConfig& site) { return to_js(to_json(site)); });
  }

  val load(val envelopes, val ledger) {
    return outcome(session_.load(rows_from(envelopes), rows_from(ledger)),
                   [](VaultState state) { return val(state_name(state)); });
  }
  std::string state() const { return state_name(session_.state()); }
  val new_kdf(double measured_ms) { return to_js(session_.make_kdf(measured_ms)); }
  val passphrase_kdf() const {
    return outcome(session_.passphrase_kdf(), [](const SlotKdf& kdf) { return to_js(kdf); });
  }
  val unlock(const Buffer& slot_key) {
    auto key = slot_key_from(slot_key);
    return key ? outcome(session_.unlock(*key)) : outcome(key.error());
  }
  val findings() const {
    JsonOut array = JsonOut::array();
    for (const Finding& finding : session_.findings()) array.push(to_json(finding));
    return to_js(array);
  }
  void lock() { session_.lock(); }

  val plan_create(val kdf, const Buffer& slot_key) {
    const auto fields = kdf_from(kdf);
    if (!fields) return outcome(fields.error());
    auto key = slot_key_from(slot_key);
    return key ? to_plan(session_.plan_create(*fields, *key)) : outcome(key.error());
  }
  val plan_add(std::string provider, std::string label, const Buffer& secret, double now) {
    return to_plan(session_.plan_add(provider, label, secret.bytes(), to_time(now)));
  }
  val plan_replace(std::string key, const Buffer& secret, double now) {
    return to_plan(session_.plan_replace(key, secret.bytes(), to_time(now)));
  }
  val plan_label(std::string key, std::string label) { return to_plan(session_.plan_label(key, label)); }
  val plan_delete(std::string key) { return to_plan(session_.plan_delete(key)); }
  val plan_default(std::string key) { return to_plan(session_.plan_default(key)); }
  val plan_add_endpoint(std::string name, std::string base) { return to_plan(session_.plan_add_endpoint(name, base)); }
  val plan_remove_endpoint(std::string provider) { return to_plan(session_.plan_remove_endpoint(provider)); }
  val commit() { return outcome(session_.commit()); }
  void abandon() { session_.abandon(); }

  val keys() const {
    JsonOut array = JsonOut::array();
    for (const KeyView& view : session_.keys()) array.push(to_json(view));
    return to_js(array);
  }
  val providers() const {
    JsonOut array = JsonOut::array();
    for (const ProviderRef& provider : session_.providers()) array.push(to_json(*provider));
    return to_js(array);
  }
  val take_ledger() { return to_js(session_.take_ledger()); }
  void note_checked(std::string key, std::string code, double now) { session_.note_checked(key, code, to_time(now)); }

  val check_new(std::string provider, const Buffer& secret, double now) {
    return to_call(session_.check_new(provider, secret.bytes(), to_time(now)));
  }
  val check_replacement(std::string key, const Buffer& secret, double now) {
    return to_call(session_.check_replacement(key, secret.bytes(), to_time(now)));
  }
  val check_stored(std::string key, double now) { return to_call(session_.check_stored(key, to_time(now))); }
  val models(std::string key, double now) { return to_call(session_.models(key, to_time(now))); }
  val chat(std::string key, std::string model, val messages, double max_tokens, double now) {
    const auto said = messages_from(messages);
    if (!said) return outcome(Errc::ERR_BAD_INPUT);
    return to_call(session_.chat(key, model, *said, to_time(max_tokens), to_time(now)));
  }
  val fetch(std::string url, std::string method, val headers, val body, val key, double now) {
    const auto given = headers_from(headers);
    if (!given) return outcome(Errc::ERR_BAD_REQUEST);
    Bytes bytes;
    if (!body.isNull()) bytes = from_uint8array(body);
    return to_call(session_.fetch(url, method, *given, body.isNull() ? std::nullopt : std::optional<ByteView>(bytes),
                                  key.isNull() ? std::string() : key.as<std::string>(), to_time(now)));
  }

 private:
  static Result<SlotKey> slot_key_from(const Buffer& buffer) {
    // REVEAL: from the buffer JavaScript filled, which it wipes, into the key's own.
    return SlotKey::from(SecretBytes::copy_of(buffer.bytes().reveal()));
  }

  Session session_;
};

}  // namespace

EMSCRIPTEN_BINDINGS(engine) {
  emscripten::function("selfTest", &run_self_test);
  emscripten::function("deriveSlotKey", &derive);

  emscripten::class_<Buffer>("Buffer").constructor<unsigned>().function("view", &Buffer::view);

  emscripten::class_<Engine>("Engine")
      .constructor<>()
      .function("configure", &Engine::configure)
      .function("load", &Engine::load)
      .function("state", &Engine::state)
      .function("newKdf", &Engine::new_kdf)
      .function("passphraseKdf", &Engine::passphrase_kdf)
      .function("unlock", &Engine::unlock)
      .function("findings", &Engine::findings)
      .function("lock", &Engine::lock)
      .function("planCreate", &Engine::plan_create)
      .function("planAdd", &Engine::plan_add)
      .function("planReplace", &Engine::plan_replace)
      .function("planLabel", &Engine::plan_label)
      .function("planDelete", &Engine::plan_delete)
      .function("planDefault", &Engine::plan_default)
      .function("planAddEndpoint", &Engine::plan_add_endpoint)
      .function("planRemoveEndpoint", &Engine::plan_remove_endpoint)
      .function("commit", &Engine::commit)
      .function("abandon", &Engine::abandon)
      .function("keys", &Engine::keys)
      .function("providers", &Engine::providers)
      .function("takeLedger", &Engine::take_ledger)
      .function("noteChecked", &Engine::note_checked)
      .function("checkNew", &Engine::check_new)
      .function("checkReplacement", &Engine::check_replacement)
      .function("checkStored", &Engine::check_stored)
      .function("models", &Engine::models)
      .function("chat", &Engine::chat)
      .function("fetch", &Engine::fetch);
}

}  // namespace keyhold::bindings

#include "convert.h"

namespace keyhold::bindings {

namespace {

constexpr std::size_t kMaxInputBytes = 64 << 20;
constexpr double kMaxSafeInteger = 9007199254740991;

val json_of_js() { return val::global("JSON"); }

}  // namespace

val to_uint8array(ByteView bytes) {
  return val::global("Uint8Array").new_(emscripten::typed_memory_view(bytes.size(), bytes.data()));
}

Bytes from_uint8array(const val& array) {
  Bytes bytes(static_cast<std::size_t>(whole_from(array["length"])));
  to_view(bytes).call<void>("set", array);
  return bytes;
}

val to_view(std::span<std::uint8_t> bytes) { return val(emscripten::typed_memory_view(bytes.size(), bytes.data())); }

std::int64_t whole_from(const val& number) {
  const auto given = number.as<double>();
  return given >= 0 && given <= kMaxSafeInteger ? static_cast<std::int64_t>(given) : 0;
}

val to_js(const JsonOut& json) { return json_of_js().call<val>("parse", json.dump()); }

Result<Json> from_js(const val& value) {
  const auto text = json_of_js().call<std::string>("stringify", value);
  auto json = Json::parse(as_bytes(text), {.max_bytes = kMaxInputBytes});
  if (!json) return Errc::ERR_BAD_INPUT;
  return json;
}

val outcome(val value) {
  val object = val::object();
  object.set("value", value);
  return object;
}

val outcome(Errc error) {
  JsonOut object = JsonOut::object();
  object.set("error", name(error));
  return to_js(object);
}

val outcome(const Result<void>& result) { return result ? outcome(val::null()) : outcome(result.error()); }

val to_js(const Rows& rows) {
  val array = val::array();
  for (const auto& [key, bytes] : rows) {
    JsonOut facts = JsonOut::object();
    facts.set("key", key);
    val row = to_js(facts);
    row.set("bytes", to_uint8array(bytes));
    array.call<void>("push", row);
  }
  return array;
}

Rows rows_from(const val& array) {
  Rows rows;
  const auto count = static_cast<int>(whole_from(array["length"]));
  for (int i = 0; i < count; ++i) {
    const val row = array[i];
    rows.insert_or_assign(row["key"].as<std::string>(), from_uint8array(row["bytes"]));
  }
  return rows;
}

val to_plan(Result<Plan> plan) {
  return outcome(std::move(plan), [](const Plan& made) { return to_js(made); });
}

Result<SlotKey> slot_key_from(const SecretBytes& buffer) {
  // REVEAL: into the key's own bytes.
  return SlotKey::from(SecretBytes::copy_of(buffer.reveal()));
}

val to_js(const Plan& plan) {
  JsonOut facts = JsonOut::object();
  facts.set("id", plan.id).set("deletes", to_json(plan.deletes));
  val object = to_js(facts);
  object.set("base", plan.base ? to_uint8array(*plan.base) : val::null());
  object.set("puts", to_js(plan.puts));
  return object;
}

val to_js(const SlotKdf& kdf) {
  JsonOut facts = JsonOut::object();
  facts.set("passes", std::int64_t{kdf.kdf.passes()}).set("memKib", std::int64_t{kdf.kdf.mem_kib()});
  val object = to_js(facts);
  object.set("salt", to_uint8array(kdf.salt));
  return object;
}

Result<SlotKdf> kdf_from(const val& kdf) {
  KEYHOLD_TRY(const KdfParams params, KdfParams::from(whole_from(kdf["passes"]), whole_from(kdf["memKib"])));
  const Bytes salt = from_uint8array(kdf["salt"]);
  SlotKdf fields{params, {}};
  if (salt.size() != fields.salt.size()) return Errc::ERR_BAD_INPUT;
  std::copy(salt.begin(), salt.end(), fields.salt.begin());
  return fields;
}

val to_js_state(VaultState state) {
  return val(state == VaultState::absent ? "absent" : state == VaultState::locked ? "locked" : "unlocked");
}

JsonOut to_json(const KeyView& view) {
  const Record& record = *view.record;
  JsonOut object = JsonOut::object();
  object.set("id", record.id).set("provider", record.fields.provider).set("base", record.fields.base);
  object.set("label", record.label).set("hint", record.hint).set("isDefault", view.is_default);
  object.set("failover", view.failover);
  object.set("createdAt", record.created_at).set("changedAt", record.changed_at);
  set_or_null(object, "expiresAt", record.expires_at);
  set_or_null(object, "lastUsedAt", view.ledger.last_used_at);
  JsonOut caps = JsonOut::object();
  set_or_null(caps, "dayMicroUsd", record.caps.day);
  set_or_null(caps, "monthMicroUsd", record.caps.month);
  object.set("caps", caps);
  if (view.ledger.last_check) {
    JsonOut checked = JsonOut::object();
    checked.set("at", view.ledger.last_check->at).set("code", view.ledger.last_check->code);
    object.set("lastChecked", checked);
  } else {
    object.set_null("lastChecked");
  }
  return object;
}

JsonOut to_json(const ProviderRef& ref, bool login) {
  const Provider& provider = *ref;
  JsonOut object = JsonOut::object();
  object.set("id", provider.id).set("name", provider.name).set("base", provider.base.text());
  object.set("kind", name(provider.kind)).set("wire", name(provider.wire)).set("keyOptional", provider.key_optional);
  object.set("browser", name(provider.browser)).set("example", provider.example).set("login", login);
  object.set("steps", to_json(provider.steps)).set("keyPrefixes", to_json(provider.key_prefixes));
  const auto set = [&](std::string_view key, const std::string& text) {
    if (!text.empty()) object.set(key, text);
  };
  set("like", provider.like);
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

JsonOut to_json(const Problem& problem) {
  JsonOut object = JsonOut::object();
  object.set("code", name(problem.code)).set("status", problem.status);
  if (problem.retry_after_s) object.set("retryAfterS", *problem.retry_after_s);
  return object;
}

JsonOut to_json(const SiteConfig& site) {
  JsonOut object = JsonOut::object();
  object.set("customEndpoints", site.custom_endpoints).set("server", site.server);
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

JsonOut to_json(const Headers& headers) {
  JsonOut array = JsonOut::array();
  for (const auto& [name, value] : headers) {
    JsonOut pair = JsonOut::array();
    pair.push(name).push(value);
    array.push(pair);
  }
  return array;
}

Result<Headers> headers_from(const val& array) {
  KEYHOLD_TRY(const Json json, from_js(array));
  Headers headers;
  KEYHOLD_CHECK(json.root().each([&](JsonRef pair) -> Result<void> {
    std::vector<std::string> texts;
    KEYHOLD_CHECK(pair.each([&](JsonRef text) -> Result<void> {
      KEYHOLD_TRY(const std::string_view view, text.text(kMaxInputBytes));
      texts.emplace_back(view);
      return {};
    }));
    if (texts.size() != 2) return Errc::ERR_BAD_INPUT;
    headers.emplace_back(std::move(texts[0]), std::move(texts[1]));
    return {};
  }));
  return headers;
}

JsonOut to_json(const std::vector<std::string>& texts) {
  JsonOut array = JsonOut::array();
  for (const std::string& text : texts) array.push(text);
  return array;
}

Result<std::vector<std::string>> texts_from(const val& array) {
  KEYHOLD_TRY(const Json json, from_js(array));
  std::vector<std::string> texts;
  KEYHOLD_CHECK(json.root().each([&](JsonRef one) -> Result<void> {
    KEYHOLD_TRY(const std::string_view text, one.text(kMaxInputBytes));
    texts.emplace_back(text);
    return {};
  }));
  return texts;
}

void set_or_null(JsonOut& object, std::string_view key, const std::optional<std::int64_t>& number) {
  if (number) {
    object.set(key, *number);
  } else {
    object.set_null(key);
  }
}

void set_or_null(JsonOut& object, std::string_view key, std::string_view text) {
  if (text.empty()) {
    object.set_null(key);
  } else {
    object.set(key, text);
  }
}

}  // namespace keyhold::bindings

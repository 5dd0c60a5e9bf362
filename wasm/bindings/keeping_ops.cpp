// keeping_ops: ways in, locking, activity, backup and the copy, as JavaScript sees them (Engine in
// web/src/worker/engine-module.ts). Convert, call, convert.
#include "args.h"
#include "base/base64.h"
#include "engine.h"
#include "policy/unlock_wait.h"
#include "vault/archive.h"

namespace keyhold::bindings {

namespace {

/// {value: {held: its number}}: a slot key stays in the engine's memory, as a buffer.
val to_held(Engine& engine, Result<SlotKey> key) {
  return outcome(std::move(key), [&](const SlotKey& made) {
    val held = val::object();
    // REVEAL: into a buffer that JavaScript holds by its number and never reads.
    held.set("held", engine.buffers.hold(SecretBytes::copy_of(made.reveal())));
    return held;
  });
}

/// [first salt, second salt]
val to_js(const PasskeyFields::Salts& salts) {
  val array = val::array();
  for (const auto& salt : salts) array.call<void>("push", to_uint8array(salt));
  return array;
}

val to_js(const SlotView& slot) {
  JsonOut facts = JsonOut::object();
  facts.set("id", slot.id).set("kind", kind_name(slot.fields));
  facts.set("name", slot.note.name).set("createdAt", slot.note.created_at).set("damaged", slot.damaged);
  val object = bindings::to_js(facts);
  if (const auto* passkey = std::get_if<PasskeyFields>(&slot.fields)) {
    JsonOut known = JsonOut::object();
    known.set("rp", passkey->rp);
    val fields = bindings::to_js(known);
    fields.set("credential", to_uint8array(passkey->credential));
    fields.set("salts", to_js(passkey->salts));
    object.set("passkey", fields);
  }
  return object;
}

JsonOut to_json(const ImportItem& item) {
  const Record& record = item.key.record;
  JsonOut object = JsonOut::object();
  object.set("provider", record.fields.provider).set("label", record.label).set("hint", record.hint);
  object.set("base", record.fields.base).set("state", name(item.state)).set("unknownProvider", !item.usable);
  set_or_null(object, "key", item.existing);
  return object;
}

JsonOut to_json(const AuditTrail::Entry& entry) {
  const AuditEvent& event = entry.event;
  JsonOut object = JsonOut::object();
  object.set("seq", entry.seq).set("at", event.at).set("action", name(event.action)).set("code", event.code);
  set_or_null(object, "provider", event.provider);
  set_or_null(object, "subject", event.subject);
  set_or_null(object, "label", event.label);
  object.set("count", event.count);
  return object;
}

template <class Items>
JsonOut list_of(const Items& items) {
  JsonOut array = JsonOut::array();
  for (const auto& item : items) array.push(to_json(item));
  return array;
}

Clocks clocks_from(const Args& args) { return {args.whole(0), args.whole(1)}; }

// --- ways in ---

val slots(Engine& engine, Args&) {
  val array = val::array();
  for (const SlotView& slot : engine.session().slots()) array.call<void>("push", to_js(slot));
  return array;
}

val passkey_key(Engine& engine, Args& args) {
  return to_held(engine, engine.session().passkey_key(args.text(0), args.secret(1)));
}

val recovery_key(Engine& engine, Args& args) { return to_held(engine, engine.session().recovery_key(args.secret(0))); }

val make_passkey(Engine& engine, Args&) {
  const NewPasskey made = engine.session().make_passkey();
  JsonOut facts = JsonOut::object();
  facts.set("slot", made.slot);
  val object = bindings::to_js(facts);
  object.set("userId", to_uint8array(made.user_id));
  object.set("salts", to_js(made.salts));
  return object;
}

val plan_add_passkey(Engine& engine, Args& args) {
  const auto proof = slot_key_from(args.secret(0));
  if (!proof) return outcome(proof.error());
  return to_plan(engine.session().plan_add_passkey(*proof, args.bytes(1), args.text(2), args.secret(3), args.text(4),
                                                   args.whole(5)));
}

val make_recovery(Engine& engine, Args&) {
  // REVEAL: shown to the person once; the page wipes its copy, this one is wiped on return.
  return to_uint8array(engine.session().make_recovery().reveal());
}

val plan_add_recovery(Engine& engine, Args& args) {
  const auto proof = slot_key_from(args.secret(0));
  return proof ? to_plan(engine.session().plan_add_recovery(*proof, args.secret(1), args.whole(2)))
               : outcome(proof.error());
}

/// Asked with a proof, how a passphrase is derived, the key that came of it, and the time.
template <class Act>
val with_new_key(Args& args, Act act) {
  const auto proof = slot_key_from(args.secret(0));
  const auto kdf = kdf_from(args.value(1));
  const auto key = slot_key_from(args.secret(2));
  if (!proof || !kdf || !key) return outcome(Errc::ERR_BAD_INPUT);
  return act(*proof, *kdf, *key, args.whole(3));
}

val plan_change_passphrase(Engine& engine, Args& args) {
  return with_new_key(args, [&](const SlotKey& proof, const SlotKdf& kdf, const SlotKey& key, UnixMs now) {
    return to_plan(engine.session().plan_change_passphrase(proof, kdf, key, now));
  });
}

val plan_remove_slot(Engine& engine, Args& args) {
  const auto proof = slot_key_from(args.secret(0));
  return proof ? to_plan(engine.session().plan_remove_slot(*proof, args.text(1), args.whole(2)))
               : outcome(proof.error());
}

val plan_name_slot(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_name_slot(args.text(0), args.text(1), args.whole(2)));
}

val plan_rotate_root(Engine& engine, Args& args) {
  std::vector<SlotKey> kept;
  const val keys = args.value(0);
  const auto count = static_cast<int>(whole_from(keys["length"]));
  for (int i = 0; i < count; ++i) {
    auto key = slot_key_from(args.held_secret(keys[i]));
    if (!key) return outcome(key.error());
    kept.push_back(*std::move(key));
  }
  return to_plan(engine.session().plan_rotate_root(kept, args.secret(1), rows_from(args.value(2)), args.whole(3)));
}

val prove(Engine& engine, Args& args) {
  const auto proof = slot_key_from(args.secret(0));
  return proof ? outcome(engine.session().prove(*proof)) : outcome(proof.error());
}

val stronger_kdf(Engine& engine, Args&) {
  const auto kdf = engine.session().stronger_kdf();
  return kdf ? bindings::to_js(*kdf) : val::null();
}

// --- locking ---

val touch(Engine& engine, Args& args) {
  engine.session().touch(clocks_from(args), args.whole(2) != 0);
  return val::null();
}

val start_clock(Engine& engine, Args& args) {
  engine.session().start_clock(clocks_from(args));
  return val::null();
}

val lock_due_in_ms(Engine& engine, Args& args) {
  return val(static_cast<double>(engine.session().lock_due_in_ms(
      clocks_from(args), static_cast<AutoLock::Busy>(std::clamp<std::int64_t>(args.whole(2), 0, 2)))));
}

val unlock_wait(Engine&, Args& args) {
  return val(static_cast<double>(unlock_wait_ms(args.whole(0), args.whole(1), args.whole(2))));
}

// --- what else is known and changed ---

val settings(Engine& engine, Args&) {
  const Settings& known = engine.session().settings();
  JsonOut object = JsonOut::object();
  JsonOut backup = JsonOut::object();
  if (known.backup) {
    backup.set("at", known.backup->at);
  } else {
    backup.set_null("at");
  }
  backup.set("current", engine.session().backup_is_current());
  object.set("lockAfterMinutes", known.lock_minutes).set("backup", backup);
  if (known.auto_save) {
    object.set("autoSaveOf", encode_base64url(engine.session().keys_digest()));
  } else {
    object.set_null("autoSaveOf");
  }
  return bindings::to_js(object);
}

val audit(Engine& engine, Args& args) {
  return outcome(engine.session().audit(rows_from(args.value(0))), [](const AuditTrail& trail) {
    JsonOut verified = JsonOut::object();
    verified.set("ok", !trail.broken);
    if (trail.broken) verified.set("broken", *trail.broken);
    JsonOut object = JsonOut::object();
    object.set("entries", list_of(trail.entries)).set("firstSeq", trail.first).set("verified", verified);
    return bindings::to_js(object);
  });
}

val plan_expires(Engine& engine, Args& args) {
  const auto at = args.value(1).isNull() ? std::optional<UnixMs>() : args.whole(1);
  return to_plan(engine.session().plan_expires(args.text(0), at, args.whole(2)));
}

val plan_order(Engine& engine, Args& args) {
  const auto keys = texts_from(args.value(0));
  return keys ? to_plan(engine.session().plan_order(*keys, args.whole(1))) : outcome(keys.error());
}

val plan_failover(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_failover(args.text(0), args.value(1).as<bool>(), args.whole(2)));
}

val plan_lock_minutes(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_lock_minutes(args.whole(0), args.whole(1)));
}

val waiting_notes(Engine& engine, Args&) { return val(static_cast<int>(engine.session().waiting_notes())); }

val plan_notes(Engine& engine, Args&) { return to_plan(engine.session().plan_notes()); }

// --- backup and import ---

val backup_spec(Engine& engine, Args&) { return bindings::to_js(engine.session().make_backup_kdf()); }

val make_backup(Engine& engine, Args& args) {
  return with_new_key(args, [&](const SlotKey& proof, const SlotKdf& kdf, const SlotKey& key, UnixMs now) {
    return outcome(engine.session().make_backup(proof, kdf, key, now), to_uint8array);
  });
}

val plan_backed_up(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_backed_up(args.text(0), args.whole(1)));
}

val plan_auto_save(Engine& engine, Args& args) {
  return with_new_key(args, [&](const SlotKey& proof, const SlotKdf& kdf, const SlotKey& key, UnixMs now) {
    return to_plan(engine.session().plan_auto_save(proof, kdf, key, now));
  });
}

val plan_end_auto_save(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_end_auto_save(args.whole(0)));
}

val auto_save_file(Engine& engine, Args& args) {
  return outcome(engine.session().auto_save_file(args.whole(0)), to_uint8array);
}

val backup_kdf_of(Engine&, Args& args) {
  return outcome(backup_kdf(args.bytes(0), args.whole(1) != 0),
                 [](const SlotKdf& kdf) { return bindings::to_js(kdf); });
}

val open_backup_file(Engine& engine, Args& args) {
  const auto key = slot_key_from(args.secret(1));
  return key ? outcome(engine.session().open_backup(args.bytes(0), *key)) : outcome(key.error());
}

val open_env(Engine& engine, Args& args) { return outcome(engine.session().open_env(args.secret(0), args.whole(1))); }

val preview(Engine& engine, Args&) {
  const auto& import = engine.session().import();
  if (!import) return outcome(Errc::ERR_WRONG_STATE);
  JsonOut lines = JsonOut::array();
  for (const std::int64_t line : import->skipped_lines) lines.push(line);
  JsonOut object = JsonOut::object();
  if (import->made_at) {
    object.set("madeAt", *import->made_at);
  } else {
    object.set_null("madeAt");
  }
  object.set("items", list_of(import->items)).set("skippedLines", lines);
  return outcome(bindings::to_js(object));
}

val plan_import(Engine& engine, Args& args) {
  const auto texts = texts_from(args.value(0));
  if (!texts) return outcome(texts.error());
  std::vector<ImportChoice> choices;
  for (const std::string& text : *texts) {
    choices.push_back(text == "add"       ? ImportChoice::add
                      : text == "replace" ? ImportChoice::replace
                                          : ImportChoice::skip);
  }
  return to_plan(engine.session().plan_import(choices, args.whole(1)));
}

val close_import(Engine& engine, Args&) {
  engine.session().close_import();
  return val::null();
}

// --- the copy ---

val know_copy(Engine& engine, Args& args) { return outcome(engine.session().know_copy(args.bytes(0))); }

val plan_repair(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_repair(args.bytes(0), args.whole(1)));
}

val plan_keep_state(Engine& engine, Args& args) { return to_plan(engine.session().plan_keep_state(args.whole(0))); }

val plan_restart_trail(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_restart_trail(args.whole(0)));
}

val can_be_opened(Engine& engine, Args&) { return val(engine.session().can_be_opened()); }

val plan_recover(Engine& engine, Args& args) { return to_plan(engine.session().plan_recover(args.bytes(0))); }

val archive(Engine&, Args& args) { return to_uint8array(encode_archive(rows_from(args.value(0)))); }

val copy(Engine& engine, Args& args) { return to_uint8array(engine.session().copy(args.bytes(0))); }

constexpr Op<Engine> kOps[] = {
    {"slots", slots},
    {"passkeyKey", passkey_key},
    {"recoveryKey", recovery_key},
    {"makePasskey", make_passkey},
    {"planAddPasskey", plan_add_passkey},
    {"makeRecovery", make_recovery},
    {"planAddRecovery", plan_add_recovery},
    {"planChangePassphrase", plan_change_passphrase},
    {"planRemoveSlot", plan_remove_slot},
    {"planNameSlot", plan_name_slot},
    {"planRotateRoot", plan_rotate_root},
    {"prove", prove},
    {"strongerKdf", stronger_kdf},
    {"touch", touch},
    {"startClock", start_clock},
    {"lockDueInMs", lock_due_in_ms},
    {"unlockWaitMs", unlock_wait},
    {"settings", settings},
    {"audit", audit},
    {"planExpires", plan_expires},
    {"planOrder", plan_order},
    {"planFailover", plan_failover},
    {"planLockMinutes", plan_lock_minutes},
    {"planNotes", plan_notes},
    {"waitingNotes", waiting_notes},
    {"backupSpec", backup_spec},
    {"makeBackup", make_backup},
    {"planBackedUp", plan_backed_up},
    {"planAutoSave", plan_auto_save},
    {"planEndAutoSave", plan_end_auto_save},
    {"autoSaveFile", auto_save_file},
    {"backupKdf", backup_kdf_of},
    {"openBackup", open_backup_file},
    {"openEnv", open_env},
    {"preview", preview},
    {"planImport", plan_import},
    {"closeImport", close_import},
    {"knowCopy", know_copy},
    {"planRepair", plan_repair},
    {"canBeOpened", can_be_opened},
    {"planRecover", plan_recover},
    {"planKeepState", plan_keep_state},
    {"planRestartTrail", plan_restart_trail},
    {"archive", archive},
    {"copy", copy},
};

}  // namespace

std::span<const Op<Engine>> keeping_ops() { return kOps; }

}  // namespace keyhold::bindings

// vault_ops: the vault as JavaScript sees it (Engine in web/src/worker/engine-module.ts). Convert, call, convert.
#include "args.h"
#include "engine.h"

namespace keyhold::bindings {

namespace {

val configure(Engine& engine, Args& args) {
  return outcome(engine.session().configure(args.bytes(0)),
                 [](const SiteConfig& site) { return to_js(to_json(site)); });
}

val load(Engine& engine, Args& args) {
  return outcome(engine.session().load(rows_from(args.value(0)), rows_from(args.value(1))), to_js_state);
}

val state(Engine& engine, Args&) { return to_js_state(engine.session().state()); }

val new_kdf(Engine& engine, Args& args) {
  return to_js(engine.session().make_kdf(KdfParams::calibrated(args.value(0).as<double>())));
}

val passphrase_kdf(Engine& engine, Args&) {
  return outcome(engine.session().passphrase_kdf(), [](const SlotKdf& kdf) { return to_js(kdf); });
}

val unlock(Engine& engine, Args& args) {
  auto key = slot_key_from(args.secret(0));
  return key ? outcome(engine.session().unlock(*key, args.whole(1), args.whole(2))) : outcome(key.error());
}

val findings(Engine& engine, Args&) { return to_js(to_json_array(engine.session().findings())); }

val lock(Engine& engine, Args&) {
  engine.session().lock();
  return val::null();
}

val plan_create(Engine& engine, Args& args) {
  const auto fields = kdf_from(args.value(0));
  if (!fields) return outcome(fields.error());
  auto key = slot_key_from(args.secret(1));
  return key ? to_plan(engine.session().plan_create(*fields, *key, args.whole(2))) : outcome(key.error());
}

val plan_add(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_add(args.text(0), args.text(1), args.secret(2), args.whole(3)));
}

val plan_replace(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_replace(args.text(0), args.secret(1), args.whole(2)));
}

val plan_label(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_label(args.text(0), args.text(1), args.whole(2)));
}

val plan_delete(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_delete(args.text(0), args.whole(1)));
}

val plan_default(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_default(args.text(0), args.whole(1)));
}

val plan_add_endpoint(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_add_endpoint(args.text(0), args.text(1), args.text(2), args.whole(3)));
}

val plan_remove_endpoint(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_remove_endpoint(args.text(0), args.whole(1)));
}

val commit(Engine& engine, Args&) { return outcome(engine.session().commit()); }

val abandon(Engine& engine, Args&) {
  engine.session().abandon();
  return val::null();
}

val keys(Engine& engine, Args&) { return to_js(to_json_array(engine.session().keys())); }

val one_key(Engine& engine, Args& args) {
  const auto key = engine.session().key(args.text(0));
  return key ? to_js(to_json(*key)) : val::null();
}

val providers(Engine& engine, Args&) {
  JsonOut array = JsonOut::array();
  for (const ProviderRef& one : engine.session().providers()) {
    array.push(to_json(one, engine.session().offers_login(*one)));
  }
  return to_js(array);
}

val look_at(Engine& engine, Args& args) {
  const Pasted pasted = engine.session().look_at(args.text(0), args.secret(1));
  JsonOut object = JsonOut::object();
  object.set("kind", name(pasted.kind)).set("admin", pasted.admin);
  set_or_null(object, "better", pasted.better ? pasted.better->id : std::string());
  return to_js(object);
}

val take_ledger(Engine& engine, Args&) { return to_js(engine.session().take_ledger()); }

val note_reflected(Engine& engine, Args& args) {
  engine.session().note_reflected(args.text(0), args.whole(1));
  return val::null();
}

val note_checked(Engine& engine, Args& args) {
  engine.session().note_checked(args.text(0), args.text(1), args.whole(2));
  return val::null();
}

constexpr Op<Engine> kOps[] = {
    {"configure", configure},
    {"load", load},
    {"state", state},
    {"newKdf", new_kdf},
    {"passphraseKdf", passphrase_kdf},
    {"unlock", unlock},
    {"findings", findings},
    {"lock", lock},
    {"planCreate", plan_create},
    {"planAdd", plan_add},
    {"planReplace", plan_replace},
    {"planLabel", plan_label},
    {"planDelete", plan_delete},
    {"planDefault", plan_default},
    {"planAddEndpoint", plan_add_endpoint},
    {"planRemoveEndpoint", plan_remove_endpoint},
    {"commit", commit},
    {"abandon", abandon},
    {"keys", keys},
    {"key", one_key},
    {"providers", providers},
    {"lookAt", look_at},
    {"takeLedger", take_ledger},
    {"noteChecked", note_checked},
    {"noteReflected", note_reflected},
};

}  // namespace

std::span<const Op<Engine>> vault_ops() { return kOps; }

}  // namespace keyhold::bindings

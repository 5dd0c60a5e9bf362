// access_ops: what pages of other origins may do (Engine in web/src/worker/engine-module.ts). Convert, call, convert.
#include "args.h"
#include "engine.h"
#include "session/access.h"

namespace keyhold::bindings {

namespace {

std::optional<std::int64_t> number_in(const val& object, const char* name) {
  const val number = object[name];
  return number.isNull() ? std::nullopt : std::optional(whole_from(number));
}

Result<GrantTerms> terms_from(const val& object) {
  GrantTerms terms;
  KEYHOLD_TRY(terms.providers, texts_from(object["providers"]));
  KEYHOLD_TRY(terms.models, texts_from(object["models"]));
  KEYHOLD_TRY(terms.scopes, texts_from(object["scopes"]));
  terms.caps = {number_in(object, "dayMicroUsd"), number_in(object, "monthMicroUsd")};
  terms.expires_at = number_in(object, "expiresAt");
  return terms;
}

/// What GrantInfo and Access have in common; providers are their own.
JsonOut to_json(const GrantTerms& terms) {
  JsonOut object = JsonOut::object();
  object.set("models", bindings::to_json(terms.models)).set("scopes", bindings::to_json(terms.scopes));
  set_or_null(object, "dayMicroUsd", terms.caps.day);
  set_or_null(object, "monthMicroUsd", terms.caps.month);
  set_or_null(object, "expiresAt", terms.expires_at);
  return object;
}

val plan_grant(Engine& engine, Args& args) {
  const auto terms = terms_from(args.value(1));
  return terms ? to_plan(engine.session().plan_grant(args.text(0), *terms, args.whole(2))) : outcome(terms.error());
}

val plan_revoke(Engine& engine, Args& args) {
  return to_plan(engine.session().plan_revoke(args.text(0), args.whole(1)));
}

val grants(Engine& engine, Args&) {
  JsonOut array = JsonOut::array();
  for (const Grant& grant : engine.session().settings().grants) {
    JsonOut object = to_json(grant.terms);
    object.set("id", grant.id).set("origin", grant.origin).set("grantedAt", grant.granted_at);
    array.push(object.set("providers", bindings::to_json(grant.terms.providers)));
  }
  return to_js(array);
}

val covers_wish(Engine& engine, Args& args) {
  const Grant* grant = engine.session().grant_to(args.text(0), args.whole(2));
  const auto wish = terms_from(args.value(1));
  return val(grant != nullptr && wish && covers(grant->terms, *wish));
}

val access(Engine& engine, Args& args) {
  Session& session = engine.session();
  const UnixMs now = args.whole(2);
  const Grant* grant = session.grant_to(args.text(0), now);
  JsonOut object = JsonOut::object();
  if (grant == nullptr) return to_js(object.set("state", "needs-user"));
  object = to_json(grant->terms);
  JsonOut providers = JsonOut::array();
  for (const std::string& id : grant->terms.providers) {
    JsonOut one = JsonOut::object();
    providers.push(one.set("id", id).set("ready", session.is_ready(id)));
  }
  const Rows rows = rows_from(args.value(1));
  const auto row = rows.find(row_key(Purpose::spend, grant->id));
  const auto spend = session.spending(grant->id, row == rows.end() ? nullptr : &row->second);
  const Spend spent = spend ? *spend : Spend();
  const auto left = [&](const std::optional<std::int64_t>& cap, std::int64_t used) {
    return cap ? std::optional(std::max<std::int64_t>(0, *cap - used - spent.held(now))) : std::nullopt;
  };
  set_or_null(object, "dayLeftMicroUsd", left(grant->terms.caps.day, spent.on_day(now)));
  set_or_null(object, "monthLeftMicroUsd", left(grant->terms.caps.month, spent.in_month(now)));
  return to_js(object.set("state", "granted").set("providers", providers));
}

constexpr Op<Engine> kOps[] = {
    {"planGrant", plan_grant}, {"planRevoke", plan_revoke}, {"grants", grants},
    {"covers", covers_wish},   {"access", access},
};

}  // namespace

std::span<const Op<Engine>> access_ops() { return kOps; }

}  // namespace keyhold::bindings

#include "server/quota/audit.h"

#include "base/json.h"
#include "server/quota/database.h"
#include "server/quota/quota.h"

namespace keyhold::server {

namespace {

constexpr std::string_view kNames[] = {
#define KEYHOLD_AUDIT(name, what) #name,
#include "server/quota/audit.def"
#undef KEYHOLD_AUDIT
};

bool fits(std::string_view text) { return text.size() <= kMaxAuditBytes && text.find('\0') == std::string_view::npos; }

}  // namespace

std::string_view name_of(AuditAction action) noexcept { return kNames[static_cast<std::size_t>(action)]; }

ActedBy by_user(std::string_view user, std::string address, std::string request_id) {
  return {"user:" + std::string(user), std::move(address), std::move(request_id)};
}

std::string plan_detail(std::string_view plan) { return JsonOut::object().set("plan", plan).dump(); }

std::string changed_detail(std::string_view what, std::string_view was, std::string_view is) {
  return JsonOut::object().set(what, is).set("was", was).dump();
}

void add_audit(Database& database, const AuditEntry& entry, const ActedBy& by, UnixMs now) {
  const std::string action(name_of(entry.action));
  const std::string detail = entry.detail.size() <= kMaxDetailBytes ? entry.detail : R"({"left_out":true})";
  database.change(
      "INSERT INTO audit (happened_at, action, actor, subject, address, detail, request_id)"
      " VALUES (:at, :action, :actor, :subject, :address, :detail, :request)",
      now, action, by.actor, entry.subject, by.address, detail, by.request_id);
}

Answer<Done> QuotaBook::record(const AuditEntry& entry, const ActedBy& by, UnixMs now) {
  if (!fits(entry.subject) || !fits(by.actor) || !fits(by.address) || !fits(by.request_id) || now < 0 ||
      now >= kMaxTime) {
    return QuotaError::bad_input;
  }
  return database_->writing([&]() -> Answer<Done> {
    add_audit(*database_, entry, by, now);
    return Done{};
  });
}

}  // namespace keyhold::server

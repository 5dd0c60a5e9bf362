// audit_pages: the audit's rows, and the ledger's, a page at a time: each page is a statement of bounded length, however many
// rows there are.
#include <tuple>

#include "server/quota/database.h"
#include "server/quota/quota.h"

namespace keyhold::server {

namespace {

bool is_asked(const AuditAsked& asked) {
  return asked.from >= 0 && asked.to <= kMaxTime && asked.from <= asked.to && asked.user.size() <= kMaxUserBytes &&
         asked.user.find('\0') == std::string::npos;
}

}  // namespace

Answer<AuditPage> QuotaBook::audit_after(const AuditAsked& asked, UnixMs at, std::int64_t id) {
  if (!is_asked(asked)) return QuotaError::bad_input;
  return database_->reading([&]() -> Answer<AuditPage> {
    AuditPage page;
    AuditRow row;
    const auto columns =
        std::tie(row.id, row.at, row.action, row.actor, row.subject, row.address, row.detail, row.request_id);
    const auto take = [&] {
      page.more = page.rows.size() == kMaxAuditRows;
      if (page.more) return false;
      page.rows.push_back(row);
      return true;
    };
    const auto limit = static_cast<std::int64_t>(kMaxAuditRows + 1);
#define KEYHOLD_AUDIT_ROWS                                                                 \
  "SELECT id, happened_at, action, actor, subject, address, detail, request_id FROM audit" \
  " WHERE happened_at >= :from AND happened_at < :to AND (happened_at, id) > (:at, :id)"
#define KEYHOLD_AUDIT_ORDER " ORDER BY happened_at, id LIMIT :limit"
    if (asked.user.empty()) {
      database_->rows(KEYHOLD_AUDIT_ROWS KEYHOLD_AUDIT_ORDER, columns, take, asked.from, asked.to, at, id, limit);
    } else {
      database_->rows(KEYHOLD_AUDIT_ROWS " AND subject = :user" KEYHOLD_AUDIT_ORDER, columns, take, asked.from,
                      asked.to, at, id, asked.user, limit);
    }
    return page;
  });
}

Answer<LedgerPage> QuotaBook::calls_after(const AuditAsked& asked, std::int64_t id) {
  if (!is_asked(asked) || id < 0) return QuotaError::bad_input;
  return database_->reading([&]() -> Answer<LedgerPage> {
    LedgerPage page;
    LedgerRow row;
    const auto columns = std::tie(row.id, row.created_at, row.ended_at, row.user, row.provider, row.model, row.state,
                                  row.figures, row.charged, row.http_status, row.address);
    const auto take = [&] {
      page.rows.push_back(row);
      return true;
    };
    std::int64_t last = 0;
    database_->row("SELECT COALESCE(MAX(id), 0) FROM calls", std::tie(last));
    page.upto = id + kCallWindow;
    page.more = page.upto < last;
#define KEYHOLD_LEDGER_ROWS                                                                                  \
  "SELECT id, created_at, ended_at, user_id, provider, model, state, figures, charged, http_status, address" \
  " FROM calls WHERE id > :after AND id <= :upto AND created_at >= :from AND created_at < :to"
    if (asked.user.empty()) {
      database_->rows(KEYHOLD_LEDGER_ROWS " ORDER BY id", columns, take, id, page.upto, asked.from, asked.to);
    } else {
      database_->rows(KEYHOLD_LEDGER_ROWS " AND user_id = :user ORDER BY id", columns, take, id, page.upto, asked.from,
                      asked.to, asked.user);
    }
    return page;
  });
}

}  // namespace keyhold::server

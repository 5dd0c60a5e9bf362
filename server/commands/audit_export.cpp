#include "server/commands/audit_export.h"

#include <array>
#include <cstdio>

#include "base/json.h"
#include "server/quota/usage_text.h"

namespace keyhold::server {

namespace {

/// "2026-11-27T06:30:00.123Z"
std::string text_of_time(UnixMs time) {
  const std::int64_t of_day = time % kDayMs;
  const auto part = [&](std::int64_t unit, std::int64_t many) { return static_cast<int>(of_day / unit % many); };
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "T%02d:%02d:%02d.%03dZ", part(60 * kMinuteMs, 24), part(kMinuteMs, 60),
                part(1000, 60), part(1, 1000));
  return text_of_day(time) + text.data();
}

/// A call in the form of the other rows.
AuditRow row_of(const LedgerRow& call) {
  JsonOut detail = JsonOut::object();
  detail.set("call", call.id).set("model", call.model).set("state", call.state).set("figures", call.figures);
  detail.set("charged_micro_usd", call.charged).set("status", call.http_status);
  if (call.ended_at != 0) detail.set("ended_at", text_of_time(call.ended_at));
  return {call.id,       call.created_at, "call",        by_user(call.user, {}, {}).actor,
          call.provider, call.address,    detail.dump(), ""};
}

/// `{"audit":[`, a row on each line, `]}`: one document, of which a reader need not have more than a line.
class Writer {
 public:
  Writer(std::ostream& out, bool csv) : out_(out), csv_(csv) {
    out_ << (csv ? "at,action,actor,subject,address,request_id,detail\r\n" : "{\"audit\":[");
  }
  void row(const AuditRow& row) { csv_ ? line(row) : object(row); }
  void end() {
    if (!csv_) out_ << "\n]}\n";
    out_.flush();
  }

 private:
  void line(const AuditRow& row) {
    out_ << text_of_time(row.at) << "," << csv_cell(row.action) << "," << csv_cell(row.actor) << ","
         << csv_cell(row.subject) << "," << csv_cell(row.address) << "," << csv_cell(row.request_id) << ","
         << csv_cell(row.detail) << "\r\n";
  }
  void object(const AuditRow& row) {
    JsonOut one = JsonOut::object();
    one.set("at", text_of_time(row.at)).set("action", row.action).set("actor", row.actor).set("subject", row.subject);
    one.set("address", row.address).set("request_id", row.request_id);
    const auto detail = Json::parse(as_bytes(row.detail));
    if (detail) {
      one.set("detail", detail->root());
    } else {
      one.set("detail", row.detail);
    }
    out_ << (first_ ? "\n" : ",\n") << one.dump();
    first_ = false;
  }

  std::ostream& out_;
  bool csv_;
  bool first_ = true;
};

bool write_rows(QuotaBook& book, const AuditAsked& asked, Writer& writer) {
  UnixMs at = 0;
  std::int64_t id = 0;
  for (bool more = true; more;) {
    const auto page = book.audit_after(asked, at, id);
    if (!page) return false;
    for (const AuditRow& row : page.value().rows) writer.row(row);
    more = page.value().more;
    if (!more) break;
    at = page.value().rows.back().at;
    id = page.value().rows.back().id;
  }
  return true;
}

bool write_calls(QuotaBook& book, const AuditAsked& asked, Writer& writer) {
  std::int64_t id = 0;
  for (bool more = true; more;) {
    const auto page = book.calls_after(asked, id);
    if (!page) return false;
    for (const LedgerRow& call : page.value().rows) writer.row(row_of(call));
    more = page.value().more;
    id = page.value().upto;
  }
  return true;
}

}  // namespace

bool export_audit(QuotaBook& book, const AuditExport& asked, std::ostream& out, std::string& error, UnixMs now) {
  const auto first = parse_day(asked.from);
  const auto last = parse_day(asked.to);
  if (!first || !last || *first > *last) {
    error = "--from and --to are days of the UTC calendar, as in 2026-11-01, the first not after the last";
    return false;
  }
  error = "the database does not answer, so the export is not whole";
  JsonOut detail = JsonOut::object();
  detail.set("from", asked.from).set("to", asked.to).set("format", asked.format).set("calls", asked.calls);
  if (!book.record({AuditAction::audit_exported, asked.user, detail.dump()}, {}, now)) return false;
  const AuditAsked rows{*first, *last + kDayMs, asked.user};
  Writer writer(out, asked.format == "csv");
  if (!write_rows(book, rows, writer)) return false;
  if (asked.calls && !write_calls(book, rows, writer)) return false;
  writer.end();
  error = "it could not be written";
  return out.good();
}

}  // namespace keyhold::server

#include "server/commands/usage_export.h"

#include "base/json.h"
#include "server/quota/usage_text.h"

namespace keyhold::server {

namespace {

/// `{"usage":[`, a row on each line, `]}`: one document, of which a reader need not have more than a line.
class Writer {
 public:
  Writer(std::ostream& out, bool csv) : out_(out), csv_(csv) { out_ << (csv ? usage_csv_head(true) : "{\"usage\":["); }
  void row(const std::string& user, const UsageRow& row) {
    if (csv_) {
      out_ << usage_csv_line(row, user);
      return;
    }
    JsonOut one = JsonOut::object();
    one.set("user", user).set("day", text_of_day(row.day)).set("provider", row.provider).set("model", row.model);
    one.set("organisation", row.organisation).set("calls", row.calls).set("charged_micro_usd", row.charged);
    one.set("cost_micro_usd", row.cost).set("estimated_calls", row.estimated);
    out_ << (first_ ? "\n" : ",\n") << one.dump();
    first_ = false;
  }
  void end() {
    if (!csv_) out_ << "\n]}\n";
    out_.flush();
  }

 private:
  std::ostream& out_;
  bool csv_;
  bool first_ = true;
};

bool export_user(QuotaBook& book, const std::string& user, const std::optional<std::string>& organisation, UnixMs from,
                 UnixMs to, Writer& writer) {
  auto page = book.usage(user, from, to);
  for (;;) {
    if (!page) return false;
    for (const UsageRow& row : page.value().rows) {
      if (!organisation || row.organisation == *organisation) writer.row(user, row);
    }
    if (!page.value().more) return true;
    const UsageRow last = page.value().rows.back();
    page = book.usage_after(user, from, to, last);
  }
}

}  // namespace

bool export_usage(QuotaBook& book, const UsageExport& asked, std::ostream& out, std::string& error, UnixMs now) {
  const auto first = parse_day(asked.from);
  const auto last = parse_day(asked.to);
  if (!first || !last || *first > *last) {
    error = kDaysExpected;
    return false;
  }
  error = "the database does not answer, so the export is not whole";
  JsonOut detail = JsonOut::object();
  detail.set("from", asked.from).set("to", asked.to).set("format", asked.format);
  if (!book.record({AuditAction::usage_exported, asked.user, detail.dump()}, {}, now)) return false;
  const UnixMs end = *last + kDayMs;
  Writer writer(out, asked.format == "csv");
  if (!asked.user.empty()) {
    if (!export_user(book, asked.user, asked.organisation, *first, end, writer)) return false;
  } else {
    for (std::string at;;) {
      const auto users = book.users_after(at);
      if (!users) return false;
      if (users.value().empty()) break;
      for (const std::string& user : users.value()) {
        if (!export_user(book, user, asked.organisation, *first, end, writer)) return false;
      }
      at = users.value().back();
    }
  }
  writer.end();
  error = "it could not be written";
  return out.good();
}

}  // namespace keyhold::server

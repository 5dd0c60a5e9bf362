#include "server/http/usage_route.h"

#include <algorithm>
#include <variant>

#include "base/json.h"
#include "server/quota/usage_text.h"

namespace keyhold::server {

namespace {

/// What is to be known of a list's elements: no weights, no parameters.
bool lists(std::string_view accept, std::string_view type) {
  while (!accept.empty()) {
    const std::size_t comma = std::min(accept.find(','), accept.size());
    std::string_view one = accept.substr(0, comma);
    one = one.substr(0, one.find(';'));
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    if (one.substr(0, one.find_last_not_of(" \t") + 1) == type) return true;
    accept.remove_prefix(std::min(comma + 1, accept.size()));
  }
  return false;
}

/// What is asked for; or the name of the parameter that is wrong, "other" for one that is not taken.
std::variant<UsageAsked, std::string_view> asked_of(const Request& request, UnixMs now) {
  std::optional<UnixMs> first;
  std::optional<UnixMs> last;
  std::optional<bool> csv;
  for (std::string_view query = request.query; !query.empty();) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t sign = std::min(one.find('='), one.size());
    const std::string_view name = one.substr(0, sign);
    const std::string_view value = one.substr(std::min(sign + 1, one.size()));
    if (name == "from" || name == "to") {
      auto& day = name == "from" ? first : last;
      const auto parsed = parse_day(value);
      if (day || !parsed) return name == "from" ? std::string_view("from") : std::string_view("to");
      day = parsed;
    } else if (name == "format") {
      if (csv || (value != "csv" && value != "json")) return std::string_view("format");
      csv = value == "csv";
    } else {
      return std::string_view("other");
    }
  }
  UsageAsked asked;
  const UnixMs today = now - now % kDayMs;
  asked.to = last.value_or(today) + kDayMs;
  asked.from = first.value_or(std::max<UnixMs>(0, asked.to - kUsualUsageDays * kDayMs));
  if (asked.from >= asked.to || asked.to - asked.from > kMaxUsageDays * kDayMs) return std::string_view("from");
  const std::string_view accept = request.header("accept");
  asked.csv = csv.value_or(lists(accept, "text/csv") && !lists(accept, "application/json"));
  return asked;
}

Reply csv_of(const Usage& usage, const UsageAsked& asked) {
  Reply reply{.body = usage_csv_head(false), .content_type = "text/csv; charset=utf-8; header=present"};
  for (const UsageRow& row : usage.rows) reply.body += usage_csv_line(row);
  const std::string days = text_of_day(asked.from) + "-to-" + text_of_day(asked.to - kDayMs);
  reply.headers.emplace_back("content-disposition", "attachment; filename=\"usage-" + days + ".csv\"");
  if (usage.more) reply.headers.emplace_back("keyhold-more", "true");
  return reply;
}

Reply json_of(const Usage& usage) {
  JsonOut out = JsonOut::object();
  out.set_array("usage", [&](JsonOut& list) {
    for (const UsageRow& row : usage.rows) {
      JsonOut one = JsonOut::object();
      one.set("day", row.day).set("provider", row.provider).set("model", row.model).set("calls", row.calls);
      if (!row.organisation.empty()) one.set("organisation", row.organisation);
      list.push(one.set("charged", row.charged).set("estimated", row.estimated));
    }
  });
  out.set("more", usage.more);
  return {.body = out.dump()};
}

}  // namespace

asio::awaitable<Reply> usage_of(Client& client, const Request& request) {
  const auto parsed = asked_of(request, now_ms());
  if (const auto* wrong = std::get_if<std::string_view>(&parsed)) {
    co_return Reply::of({.type = ProblemType::bad_query, .code = *wrong}, request);
  }
  const UsageAsked asked = std::get<UsageAsked>(parsed);
  const auto usage = co_await client.worker().service.store.ask(
      [&](QuotaBook& book) { return book.usage(request.user, asked.from, std::min(asked.to, kMaxTime)); });
  if (!usage) co_return Reply::of({.type = ProblemType::unavailable, .retry_after_s = 1}, request);
  if (asked.csv) co_return csv_of(usage.value(), asked);
  co_return json_of(usage.value());
}

}  // namespace keyhold::server

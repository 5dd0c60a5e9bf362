#include "vault/usage_book.h"

#include <algorithm>

#include "base/json.h"
#include "vault/envelope.h"
#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::size_t kDayDigits = 6;
/// The largest with so many: in the year 4707.
constexpr UsageDate kMaxDate = 999'999;
constexpr std::string_view kSpare = "-2";

std::string day_id(UsageDate day) {
  std::string digits = std::to_string(day);
  if (digits.size() < kDayDigits) digits.insert(0, kDayDigits - digits.size(), '0');
  return digits;
}

/// Of a day's id, or that of the row beside it.
Result<UsageDate> date_of(std::string_view id) {
  if (id.ends_with(kSpare)) id.remove_suffix(kSpare.size());
  if (id.size() != kDayDigits) return Errc::ERR_BAD_FORMAT;
  UsageDate date = 0;
  for (const char digit : id) {
    if (digit < '0' || digit > '9') return Errc::ERR_BAD_FORMAT;
    date = date * 10 + (digit - '0');
  }
  return date;
}

struct OpenedDay {
  std::int64_t rev = 0;
  UsageDate date = 0;
  UsageDay day;
};

Result<OpenedDay> open_day(std::string_view key, ByteView row, const Sealing& sealing) {
  KEYHOLD_TRY(const OpenedUsageRow opened, open_usage_row(key, row, sealing));
  KEYHOLD_CHECK(opened.info.root().only({"entries"}));
  KEYHOLD_TRY(const UsageDate date, date_of(opened.header.id));
  KEYHOLD_TRY(const JsonRef entries, opened.info.root().field("entries"));
  KEYHOLD_TRY(UsageDay day, parse_usage_day(entries));
  return OpenedDay{opened.header.rev, date, std::move(day)};
}

Result<Spend> open_spend_row(std::string_view key, ByteView row, const Sealing& sealing) {
  KEYHOLD_TRY(const OpenedUsageRow opened, open_usage_row(key, row, sealing));
  KEYHOLD_TRY(Spend spend, parse_spend(opened.info.root()));
  spend.rev = opened.header.rev;
  return spend;
}

JsonOut encode_charges(const std::vector<Charge>& charges) {
  JsonOut list = JsonOut::array();
  for (const Charge& charge : charges) {
    JsonOut one = JsonOut::array();
    list.push(one.push(charge.at).push(charge.micro_usd).push(charge.hold));
  }
  return list;
}

Result<std::vector<Charge>> parse_charges(JsonRef list) {
  if (!list.is_array() || list.size() > kMaxWaitingCharges) return Errc::ERR_BAD_FORMAT;
  std::vector<Charge> charges;
  for (std::size_t i = 0; i < list.size(); ++i) {
    KEYHOLD_TRY(const JsonRef one, list.at(i));
    if (one.size() != 3) return Errc::ERR_BAD_FORMAT;
    KEYHOLD_TRY(const JsonRef at, one.at(0));
    KEYHOLD_TRY(const JsonRef micro_usd, one.at(1));
    KEYHOLD_TRY(const JsonRef hold, one.at(2));
    Charge charge;
    KEYHOLD_TRY(charge.at, at.integer(0, kMaxCount));
    KEYHOLD_TRY(charge.micro_usd, micro_usd.integer(0, kMaxCount));
    KEYHOLD_TRY(charge.hold, hold.text(kMaxHoldIdBytes));
    charges.push_back(std::move(charge));
  }
  return charges;
}

}  // namespace

void add_call(UsedCalls& calls, std::size_t from, UsedCall call) {
  if (calls.size() >= kMaxWaitingCalls) {
    for (std::size_t i = from; i < calls.size(); ++i) {
      UsedCall& other = calls[i];
      if (other.key.record != call.key.record || other.grant != call.grant) continue;
      if (other.key.figures != call.key.figures) continue;
      other.at = std::max(other.at, call.at);
      other.key.model = other.key.app = kOthers;
      add_sum(other.sum, call.sum);
      other.charged = std::min(other.charged + call.charged, kMaxCount);
      return;
    }
  }
  calls.push_back(std::move(call));
}

bool is_usage_row(std::string_view key) noexcept {
  return key.starts_with("usage/") || key.starts_with("spend/") || key.starts_with("late/");
}

Result<Bytes> reseal(std::string_view key, ByteView row, std::string_view vault, const SubKey& from, const SubKey& to,
                     Rng& rng) {
  KEYHOLD_TRY(Envelope envelope, parse_row(key, row, vault));
  // REVEAL: one subkey opens, the other seals.
  KEYHOLD_TRY(const Body body, open_envelope(envelope, from.reveal()));
  ++envelope.header.rev;
  return seal_envelope(envelope.header, body, to.reveal(), rng);
}

Bytes seal_usage_row(Purpose purpose, std::string_view id, std::int64_t rev, std::string info, const Sealing& sealing) {
  Header header{.purpose = purpose, .vault = std::string(sealing.vault), .id = std::string(id)};
  header.rev = rev;
  // REVEAL: the subkey seals.
  return seal_envelope(header, Body{std::move(info), {}}, sealing.key.reveal(), sealing.rng);
}

Result<OpenedUsageRow> open_usage_row(std::string_view key, ByteView row, const Sealing& sealing) {
  KEYHOLD_TRY(const Envelope envelope, parse_row(key, row, sealing.vault));
  // REVEAL: the subkey opens.
  KEYHOLD_TRY(const Body body, open_envelope(envelope, sealing.key.reveal()));
  KEYHOLD_TRY(Json info, Json::parse(as_bytes(body.info), {.max_bytes = kMaxEnvelopeBytes}));
  return OpenedUsageRow{envelope.header, std::move(info)};
}

void UsageBook::Entries::add(const Entries& more) {
  for (const auto& [date, day] : more.days) {
    for (const auto& [key, sum] : day) add_usage(days[date], key, sum);
  }
  for (const auto& [record, list] : more.charges) {
    std::vector<Charge>& into = charges[record];
    into.insert(into.end(), list.begin(), list.end());
  }
}

void UsageBook::add(UnixMs at, const UsageKey& key, const UsageSum& sum) {
  add_usage(waiting_.days[std::min(at / kDayMs, kMaxDate)], key, sum);
}

void UsageBook::charge(std::string_view record, Charge charge) {
  std::vector<Charge>& list = waiting_.charges[std::string(record)];
  if (list.size() < kMaxWaitingCharges) {
    list.push_back(std::move(charge));
    return;
  }
  // What it held is let go of when that ends by itself.
  list.back().at = std::max(list.back().at, charge.at);
  list.back().micro_usd = std::min(list.back().micro_usd + charge.micro_usd, kMaxCount);
}

Result<void> UsageBook::Entries::add_late(JsonRef info) {
  if (const auto list = info.find("charges")) {
    KEYHOLD_TRY(const std::string record, read_text(info, "record", kMaxHoldIdBytes));
    KEYHOLD_TRY(const std::vector<Charge> late, parse_charges(*list));
    std::vector<Charge>& into = charges[record];
    into.insert(into.end(), late.begin(), late.end());
    return {};
  }
  KEYHOLD_TRY(const UsageDate date, read_count(info, "day"));
  KEYHOLD_TRY(const JsonRef list, info.field("entries"));
  KEYHOLD_TRY(const UsageDay day, parse_usage_day(list));
  for (const auto& [key, sum] : day) add_usage(days[std::min(date, kMaxDate)], key, sum);
  return {};
}

UsageBook::Entries UsageBook::open_late(const Rows& late, const Sealing& sealing) {
  Entries entries;
  for (const auto& [key, row] : late) {
    // What cannot be read counts as nothing.
    if (const auto opened = open_usage_row(key, row, sealing)) (void)entries.add_late(opened->info.root());
  }
  return entries;
}

UsageBook::Entries UsageBook::with(const Rows& late, const Sealing& sealing) const {
  Entries all = waiting_;
  all.add(open_late(late, sealing));
  return all;
}

std::vector<std::string> UsageBook::wanted(const Rows& late, const Sealing& sealing) const {
  const Entries all = with(late, sealing);
  std::vector<std::string> keys;
  for (const auto& [date, day] : all.days) {
    keys.push_back(row_key(Purpose::usage, day_id(date)));
    keys.push_back(row_key(Purpose::usage, day_id(date).append(kSpare)));
  }
  for (const auto& [record, charges] : all.charges) keys.push_back(row_key(Purpose::spend, record));
  return keys;
}

UsageChange UsageBook::write(const Rows& late, const Rows& stored, const Sealing& sealing) const {
  const Entries all = with(late, sealing);
  UsageChange change;
  const auto find = [&](const std::string& key) {
    const auto row = stored.find(key);
    return row == stored.end() ? nullptr : &row->second;
  };
  for (const auto& [date, added] : all.days) {
    std::string id = day_id(date);
    std::string key = row_key(Purpose::usage, id);
    const Bytes* row = find(key);
    auto before = row == nullptr ? Result<OpenedDay>(OpenedDay()) : open_day(key, *row, sealing);
    if (!before) {
      // What cannot be read is left as it lies.
      id.append(kSpare);
      key = row_key(Purpose::usage, id);
      row = find(key);
      before = row == nullptr ? Result<OpenedDay>(OpenedDay()) : open_day(key, *row, sealing);
    }
    OpenedDay day = before ? *std::move(before) : OpenedDay();
    for (const auto& [place, sum] : added) add_usage(day.day, place, sum);
    JsonOut info = JsonOut::object();
    info.set("entries", encode_usage_day(day.day));
    change.puts.emplace(key, seal_usage_row(Purpose::usage, id, day.rev + 1, info.dump(), sealing));
  }
  for (const auto& [record, charges] : all.charges) {
    const std::string key = row_key(Purpose::spend, record);
    Spend spend = open_spend(record, find(key), sealing);
    for (const Charge& charge : charges) spend.charge(charge);
    change.puts.emplace(key, seal_spend(record, spend, sealing));
  }
  for (const auto& [key, row] : late) {
    if (open_usage_row(key, row, sealing)) change.deletes.push_back(key);
  }
  return change;
}

Rows UsageBook::write_late(const Sealing& sealing) const {
  Rows rows;
  const auto put = [&](const JsonOut& info) {
    const std::string id = make_id(sealing.rng);
    rows.emplace(row_key(Purpose::late, id), seal_usage_row(Purpose::late, id, 1, info.dump(), sealing));
  };
  for (const auto& [date, day] : waiting_.days) {
    JsonOut info = JsonOut::object();
    put(info.set("day", date).set("entries", encode_usage_day(day)));
  }
  for (const auto& [record, list] : waiting_.charges) {
    JsonOut info = JsonOut::object();
    put(info.set("record", record).set("charges", encode_charges(list)));
  }
  return rows;
}

Spend UsageBook::open_spend(std::string_view record, const Bytes* stored, const Sealing& sealing) {
  if (stored == nullptr) return {};
  auto spend = open_spend_row(row_key(Purpose::spend, record), *stored, sealing);
  return spend ? *std::move(spend) : Spend();
}

Spend UsageBook::spend_of(std::string_view record, const Bytes* stored, const Sealing& sealing) const {
  Spend spend = open_spend(record, stored, sealing);
  const auto charges = waiting_.charges.find(record);
  if (charges != waiting_.charges.end()) {
    for (const Charge& charge : charges->second) spend.charge(charge);
  }
  return spend;
}

Bytes UsageBook::seal_spend(std::string_view record, Spend& spend, const Sealing& sealing) {
  return seal_usage_row(Purpose::spend, record, ++spend.rev, encode_spend(spend), sealing);
}

UsageHistory UsageBook::read(const Rows& rows, const Sealing& sealing) {
  UsageHistory history;
  for (const auto& [key, row] : rows) {
    auto opened = open_day(key, row, sealing);
    if (opened) {
      history.days.emplace_back(opened->date, std::move(opened->day));
    } else {
      ++history.unreadable;
    }
  }
  return history;
}

}  // namespace keyhold

#include "vault/receipt_book.h"

#include <algorithm>

#include "base/json.h"
#include "vault/envelope.h"
#include "vault/read_fields.h"
#include "vault/receipt.h"

namespace keyhold {

namespace {

constexpr std::size_t kMaxTextBytes = 256;
constexpr std::size_t kKeyText = 43;  // 32 bytes in base64url

std::string row_id(std::size_t place) { return (place < 10 ? "receipts-0" : "receipts-") + std::to_string(place); }

struct OpenedRow {
  std::int64_t rev = 0;
  std::vector<KeptReceipt> receipts;  // oldest first
};

/// In the place of an amount.
constexpr std::int64_t kNone = -1;

std::optional<std::int64_t> amount(std::int64_t number) {
  return number == kNone ? std::nullopt : std::optional(number);
}

Result<KeptReceipt> parse(JsonRef one) {
  if (one.size() != 9) return Errc::ERR_BAD_FORMAT;
  KeptReceipt kept;
  KEYHOLD_TRY(kept.at, count_at(one, 0));
  KEYHOLD_TRY(kept.call, text_at(one, 1, kMaxCallDigits));
  KEYHOLD_TRY(kept.provider, text_at(one, 2, kMaxTextBytes));
  KEYHOLD_TRY(kept.model, text_at(one, 3, kMaxTextBytes));
  KEYHOLD_TRY(const std::int64_t counted, count_at(one, 4, kNone));
  KEYHOLD_TRY(const std::int64_t charged, count_at(one, 5, kNone));
  kept.counted = amount(counted);
  kept.charged = amount(charged);
  KEYHOLD_TRY(kept.state, text_at(one, 6, 16));
  KEYHOLD_TRY(kept.jws, text_at(one, 7, kMaxReceiptBytes));
  KEYHOLD_TRY(kept.key, text_at(one, 8, kKeyText));
  return kept;
}

Result<OpenedRow> open(std::string_view key, ByteView row, const Sealing& sealing) {
  KEYHOLD_TRY(const OpenedUsageRow opened, open_usage_row(key, row, sealing));
  KEYHOLD_CHECK(opened.info.root().only({"entries"}));
  KEYHOLD_TRY(const JsonRef list, opened.info.root().field("entries"));
  if (!list.is_array() || list.size() > kReceiptsInRow) return Errc::ERR_BAD_FORMAT;
  OpenedRow read{opened.header.rev, {}};
  for (std::size_t i = 0; i < list.size(); ++i) {
    KEYHOLD_TRY(const JsonRef one, list.at(i));
    KEYHOLD_TRY(KeptReceipt kept, parse(one));
    read.receipts.push_back(std::move(kept));
  }
  return read;
}

}  // namespace

JsonOut encode_receipt(const KeptReceipt& kept) {
  JsonOut one = JsonOut::array();
  one.push(kept.at).push(kept.call).push(kept.provider).push(kept.model);
  one.push(kept.counted.value_or(kNone)).push(kept.charged.value_or(kNone));
  one.push(kept.state).push(kept.jws).push(kept.key);
  return one;
}

std::vector<std::string> receipt_rows() {
  std::vector<std::string> keys;
  for (std::size_t place = 0; place < kReceiptRows; ++place) keys.push_back(row_key(Purpose::usage, row_id(place)));
  return keys;
}

UsageChange put_receipt(const KeptReceipt& receipt, const Rows& stored, const Sealing& sealing) {
  // By its header alone: a row that does not open has had its turn, too.
  std::size_t place = 0;
  std::int64_t rev = 0;
  for (std::size_t at = 0; at < kReceiptRows; ++at) {
    const auto row = stored.find(row_key(Purpose::usage, row_id(at)));
    if (row == stored.end()) continue;
    const auto envelope = parse_row(row->first, row->second, sealing.vault);
    if (!envelope || envelope->header.rev <= rev || envelope->header.rev >= kMaxCount) continue;
    place = at;
    rev = envelope->header.rev;
  }
  std::vector<KeptReceipt> receipts;
  if (rev > 0) {
    const std::string key = row_key(Purpose::usage, row_id(place));
    auto newest = open(key, stored.find(key)->second, sealing);
    if (newest && newest->receipts.size() < kReceiptsInRow) {
      receipts = std::move(newest->receipts);
    } else {
      place = (place + 1) % kReceiptRows;
    }
  }
  JsonOut list = JsonOut::array();
  for (const KeptReceipt& kept : receipts) list.push(encode_receipt(kept));
  JsonOut info = JsonOut::object();
  info.set("entries", list.push(encode_receipt(receipt)));
  const std::string id = row_id(place);
  UsageChange change;
  change.puts.emplace(row_key(Purpose::usage, id), seal_usage_row(Purpose::usage, id, rev + 1, info.dump(), sealing));
  return change;
}

ReceiptHistory read_receipts(const Rows& rows, const Sealing& sealing) {
  ReceiptHistory history;
  std::vector<OpenedRow> opened;
  for (const auto& [key, row] : rows) {
    if (auto one = open(key, row, sealing)) {
      opened.push_back(*std::move(one));
    } else {
      ++history.unreadable;
    }
  }
  std::sort(opened.begin(), opened.end(), [](const OpenedRow& a, const OpenedRow& b) { return a.rev > b.rev; });
  for (OpenedRow& row : opened) {
    for (auto kept = row.receipts.rbegin(); kept != row.receipts.rend(); ++kept) {
      if (history.receipts.size() == kMaxReceipts) return history;
      history.receipts.push_back(std::move(*kept));
    }
  }
  return history;
}

}  // namespace keyhold

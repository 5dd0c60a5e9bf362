#include "vault/archive.h"

namespace keyhold {

namespace {

// "KHR1" | u32le rows | rows: u16le key length | key | u32le length | bytes | digest of all before
constexpr std::string_view kMagic = "KHR1";

void put_number(Bytes& out, std::size_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// Takes from the front of what is left; one that asks for more than that ends it for good.
class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}

  ByteView take(std::size_t count) {
    if (count > left_.size()) {
      failed_ = true;
      return {};
    }
    const ByteView taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  std::size_t number(std::size_t bytes) {
    std::size_t value = 0;
    std::size_t shift = 0;
    for (const std::uint8_t byte : take(bytes)) {
      value |= std::size_t{byte} << shift;
      shift += 8;
    }
    return value;
  }
  bool done() const { return !failed_ && left_.empty(); }
  bool failed() const { return failed_; }

 private:
  ByteView left_;
  bool failed_ = false;
};

}  // namespace

Bytes encode_archive(const Rows& rows) {
  Bytes out = to_bytes(as_bytes(kMagic));
  put_number(out, rows.size(), 4);
  for (const auto& [key, bytes] : rows) {
    put_number(out, key.size(), 2);
    append(out, as_bytes(key));
    put_number(out, bytes.size(), 4);
    append(out, bytes);
  }
  append(out, digest_of(out));
  return out;
}

Result<Rows> parse_archive(ByteView bytes) {
  if (bytes.size() > kMaxArchiveBytes) return Errc::ERR_TOO_LARGE;
  const std::size_t least = kMagic.size() + 4 + Digest().size();
  if (bytes.size() < least || as_text(bytes.first(kMagic.size())) != kMagic) return Errc::ERR_BAD_FORMAT;
  const ByteView content = bytes.first(bytes.size() - Digest().size());
  // Torn or altered: not one byte of it is used.
  if (!equal(digest_of(content), bytes.subspan(content.size()))) return Errc::ERR_BAD_FORMAT;
  Reader reader(content.subspan(kMagic.size()));
  const std::size_t count = reader.number(4);
  if (count > kMaxArchiveRows) return Errc::ERR_TOO_LARGE;
  Rows rows;
  for (std::size_t i = 0; i < count && !reader.failed(); ++i) {
    const std::size_t key_size = reader.number(2);
    if (key_size == 0 || key_size > kMaxRowKeyBytes) return Errc::ERR_BAD_FORMAT;
    std::string key(as_text(reader.take(key_size)));
    Bytes row = to_bytes(reader.take(reader.number(4)));
    if (!rows.emplace(std::move(key), std::move(row)).second) return Errc::ERR_BAD_FORMAT;
  }
  if (!reader.done()) return Errc::ERR_BAD_FORMAT;
  return rows;
}

}  // namespace keyhold

#include "server/receipts/receipt.h"

#include <charconv>

#include "base/base64.h"
#include "base/json.h"

namespace keyhold::server {

namespace {

std::string_view figures_text(Figures figures) {
  switch (figures) {
    case Figures::none: return "none";
    case Figures::reported: return "reported";
    case Figures::estimated: return "estimated";
    case Figures::unknown: break;
  }
  return "unknown";
}

std::string header_of(const ReceiptKey& key) {
  JsonOut out = JsonOut::object();
  return out.set("alg", "EdDSA").set("kid", key.public_key().key_id).set("typ", kReceiptType).dump();
}

std::string payload_of(const CallBill& bill) {
  JsonOut out = JsonOut::object();
  out.set("sub", bill.user).set("call", std::to_string(static_cast<std::int64_t>(bill.call)));
  out.set("provider", bill.provider).set("model", bill.model);
  if (!bill.organisation.empty()) out.set("org", bill.organisation);
  out.set("charged_micro_usd", bill.charged).set("figures", figures_text(bill.figures));
  out.set("http_status", bill.http_status).set("created_at", bill.created_at).set("ended_at", bill.ended_at);
  return out.dump();
}

}  // namespace

std::optional<CallId> parse_call_id(std::string_view text) noexcept {
  std::int64_t id = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || text.front() < '1' || text.front() > '9') return std::nullopt;
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return CallId{id};
}

std::string sign_receipt(const ReceiptKey& key, const CallBill& bill) {
  const std::string signed_text =
      encode_base64url(as_bytes(header_of(key))) + "." + encode_base64url(as_bytes(payload_of(bill)));
  const Bytes signature = key.sign(signed_text);
  return signature.empty() ? std::string() : signed_text + "." + encode_base64url(signature);
}

}  // namespace keyhold::server

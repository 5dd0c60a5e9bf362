#include "server/http/receipt_routes.h"

#include "base/json.h"
#include "server/receipts/receipt.h"
#include "server/relay/route.h"

namespace keyhold::server {

asio::awaitable<Reply> receipt_of(Client& client, const Request& request) {
  Service& service = client.worker().service;
  const auto call = parse_call_id(below(request.path));
  if (!call) co_return Reply::of({.type = ProblemType::not_found}, request);
  const auto bill = co_await service.store.ask([&](QuotaBook& book) { return book.bill(request.user, *call); });
  if (!bill) co_return Reply::of({.type = ProblemType::unavailable, .retry_after_s = 1}, request);
  if (!bill.value()) co_return Reply::of({.type = ProblemType::not_found}, request);
  if (bill.value()->state == CallState::held) {
    co_return Reply::of({.type = ProblemType::call_not_over, .retry_after_s = 1}, request);
  }
  const std::string receipt = sign_receipt(*service.config.receipt_key, *bill.value());
  if (receipt.empty()) co_return Reply::of({.type = ProblemType::internal}, request);
  co_return Reply{.body = JsonOut::object().set("receipt", receipt).dump()};
}

Reply receipt_keys(const Service& service) {
  const Config& config = service.config;
  return {.body = key_set_json(config.receipt_key->public_key(), config.old_receipt_keys),
          .content_type = "application/jwk-set+json"};
}

}  // namespace keyhold::server

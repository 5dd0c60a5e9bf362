#include "providers/exchange.h"

#include <algorithm>

#include "base/json.h"
#include "providers/own_request.h"
#include "providers/retry_hint.h"
#include "providers/wire.h"

namespace keyhold {

namespace {

std::string header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

/// Without quota, without credit, or the provider is in trouble. What the request itself is refused for, another key would be,
/// too; and a refused key is to be heard of.
bool may_move_on(int status) { return status == 402 || status == 429 || (status >= 500 && status <= 599); }

const Usage kNoUsage;
const std::string kNothing;

}  // namespace

ProviderExchange::ProviderExchange(Purpose purpose, ProviderRef provider, Outgoing outgoing, const SecretBytes& secret,
                                   std::string key_id, std::optional<Wire> wire)
    : purpose_(purpose),
      provider_(std::move(provider)),
      outgoing_(std::move(outgoing)),
      auth_value_(secret.empty() ? SecretBytes() : auth_value(*provider_, secret)),
      watch_(secret),
      key_id_(std::move(key_id)),
      wire_(wire) {}

void ProviderExchange::authorize(const SecretBytes& secret) {
  auth_value_ = auth_value(*provider_, secret);
  watch_ = ReflectionScanner(secret);
}

std::string ProviderExchange::probe_url() const { return grant_ ? outgoing_.url : keyhold::probe_url(*provider_); }

Result<Headers> ProviderExchange::response(int status, const Headers& headers) {
  status_ = status;
  content_type_ = header(headers, "content-type");
  retry_after_ = wait_asked(headers);
  if (succeeded() && (purpose_ == Purpose::chat || purpose_ == Purpose::pass)) {
    meter_.emplace(wire_, content_type_, purpose_ == Purpose::chat);
    if (outgoing_.usage_injected) swallow_.emplace();
  }
  KEYHOLD_TRY(Headers shown, caller_headers(headers, &watch_));
  if (!refused_statuses_.empty()) shown.emplace_back("keyhold-tried", refused_statuses_);
  return shown;
}

bool ProviderExchange::moves_on() const noexcept { return spare_ && may_move_on(status_); }

ProviderExchange ProviderExchange::again(const SecretBytes& secret, std::string key_id) {
  return again(provider_, std::move(outgoing_), secret, std::move(key_id));
}

ProviderExchange ProviderExchange::again(ProviderRef to, Outgoing request, const SecretBytes& secret,
                                         std::string key_id) {
  ProviderExchange next(purpose_, std::move(to), std::move(request), secret, std::move(key_id), wire_);
  next.counted_ = std::move(counted_);
  next.tries_ = tries_ + 1;
  next.refused_keys_ = refused_keys_ + key_id_ + " ";
  next.refused_statuses_ = (refused_statuses_.empty() ? "" : refused_statuses_ + ", ") + std::to_string(status_);
  return next;
}

bool ProviderExchange::tried(std::string_view key_id) const noexcept {
  return key_id == key_id_ || refused_keys_.find(key_id) != std::string::npos;
}

Result<ByteView> ProviderExchange::feed(ByteView bytes) {
  if (grant_) {
    KEYHOLD_CHECK(grant_->feed(bytes));
    return ByteView();
  }
  return took(watch_.feed(bytes));
}

Result<ByteView> ProviderExchange::end() {
  KEYHOLD_TRY(const ByteView rest, took(watch_.finish()));
  if (meter_) KEYHOLD_CHECK(meter_->end());
  ended_ = true;
  return swallow_ ? swallow_->finish() : rest;
}

// What the watch let through is read here, and passed on if it is a caller's.
Result<ByteView> ProviderExchange::took(Result<ByteView> released) {
  if (!released) return released;
  if (meter_) {
    KEYHOLD_CHECK(meter_->feed(*released));
    if (swallow_) return swallow_->feed(*released);
  } else {
    const bool receipt = purpose_ == Purpose::receipt;
    const bool whole = receipt || (purpose_ == Purpose::models && succeeded());
    const std::size_t limit = receipt ? kMaxReceiptAnswer : whole ? kMaxModelListBytes : kMaxDiagnosedBody;
    append(body_, released->first(std::min(released->size(), limit + whole - body_.size())));
    if (whole && body_.size() > limit) return Errc::ERR_TOO_LARGE;
  }
  return purpose_ == Purpose::pass ? released : ByteView();
}

std::vector<TextEvent> ProviderExchange::take_events() {
  return meter_ ? meter_->take_events() : std::vector<TextEvent>();
}

std::optional<Problem> ProviderExchange::problem() const {
  return purpose_ == Purpose::check ? diagnose_check(*provider_, seen()) : diagnose_answer(*provider_, seen());
}

Result<std::vector<std::string>> ProviderExchange::models() const { return parse_models(*wire_, body_); }

Errc ProviderExchange::network_failed(NetworkEvidence evidence) {
  failed_ = true;
  evidence.answer_begun = status_ != 0;
  return diagnose_network(*provider_, evidence);
}

std::string ProviderExchange::asked_model() const {
  return counted_ && counted_->empty() ? model_in(outgoing_) : counted_.value_or("");
}

std::string model_in(const Outgoing& request) {
  if (!request.body) return {};
  const auto body = Json::parse(as_bytes(*request.body), {.max_bytes = kMaxBodyBytes, .max_values = kMaxBodyValues});
  if (!body) return {};
  const auto model = body->root().find("model");
  const auto text = model ? model->text(kMaxModelName) : Result<std::string_view>(Errc::ERR_NOT_FOUND);
  return text ? std::string(*text) : std::string();
}

std::optional<Tally> ProviderExchange::tally() const {
  if (!counted_ || !sent_) return std::nullopt;
  // One that was given up before it was answered may well be answered all the same, and paid for.
  if (status_ == 0 ? failed_ : !succeeded()) return std::nullopt;
  Tally tally{Figures::unknown, usage(), model().empty() ? asked_model() : model()};
  if (!wire_ || (meter_ && !meter_->read())) return tally;
  const Usage& seen = usage();
  if (ended_ && meter_ && meter_->complete() && (seen.input || seen.output)) {
    tally.figures = Figures::reported;
    return tally;
  }
  tally.figures = Figures::estimated;
  if (!seen.input) {
    const std::string_view body = outgoing_.body ? std::string_view(*outgoing_.body) : std::string_view();
    const std::size_t text = text_bytes(body);
    tally.usage = {.input = estimated_tokens(text > 0 ? text : body.size())};
  }
  const std::int64_t written = meter_ ? estimated_tokens(meter_->text_bytes()) : 0;
  tally.usage.output = std::max(seen.output.value_or(0), written);
  return tally;
}

std::string_view name(Figures figures) noexcept {
  switch (figures) {
    case Figures::reported: return "reported";
    case Figures::estimated: return "estimated";
    case Figures::unknown: break;
  }
  return "unknown";
}

const Usage& ProviderExchange::usage() const noexcept { return meter_ ? meter_->usage() : kNoUsage; }
const std::string& ProviderExchange::model() const noexcept {
  if (!meter_) return kNothing;
  return meter_->model().empty() ? outgoing_.model : meter_->model();
}
const std::string& ProviderExchange::stop() const noexcept { return meter_ ? meter_->stop() : kNothing; }

}  // namespace keyhold

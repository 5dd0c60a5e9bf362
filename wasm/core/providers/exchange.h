// exchange: one request to a provider, from the moment it may be sent to the last byte of its answer. Does no I/O: the shell
// sends what request() says and feeds back what arrives.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "providers/diagnosis.h"
#include "providers/login.h"
#include "providers/meter.h"
#include "providers/reflection.h"
#include "providers/request.h"
#include "providers/usage_swallow.h"

namespace keyhold {

/// How well the figures of a call are known.
enum class Figures { reported, estimated, unknown };
std::string_view name(Figures figures) noexcept;

/// The model that a request's body names; "" if none.
std::string model_in(const Outgoing& request);

/// Of what an app's server says of a call. One that is larger has a byte more in what is seen of it.
inline constexpr std::size_t kMaxReceiptAnswer = 16 << 10;

/// What one call used.
struct Tally {
  Figures figures;
  Usage usage;
  std::string model;  // that answered, or was asked for; "" if neither is known
};

class ProviderExchange {
 public:
  enum class Purpose {
    check,    // is the key good?
    models,   // which models does it reach?
    chat,     // one question; the answer is read here
    pass,     // a caller's own request; the answer passes through
    login,    // a code becomes a key; the answer is read here, and passed to nobody
    receipt,  // what the app's server says of a call; the answer is read here
  };

  /// `secret` is empty for a call without a key. `wire`: the form of the answer; none: not read.
  ProviderExchange(Purpose purpose, ProviderRef provider, Outgoing outgoing, const SecretBytes& secret,
                   std::string key_id, std::optional<Wire> wire);
  /// A login's: its answer is collected in memory that is wiped.
  ProviderExchange(ProviderRef provider, Outgoing outgoing);

  const Outgoing& request() const noexcept { return outgoing_; }
  /// request() is being acted on.
  void sent() noexcept { sent_ = true; }
  const Provider& provider() const noexcept { return *provider_; }
  /// Empty for a key that is not stored, or none.
  const std::string& key_id() const noexcept { return key_id_; }
  /// The credential header's value, to be taken once; empty if there is none.
  SecretBytes take_auth_value() noexcept { return std::move(auth_value_); }
  bool login() const noexcept { return grant_ != nullptr; }
  /// The secret comes only now: before request().
  void authorize(const SecretBytes& secret);
  std::string probe_url() const;

  /// Headers a caller may see. ERR_KEY_REFLECTED.
  Result<Headers> response(int status, const Headers& headers);
  /// Bytes to pass on now; none unless the purpose is `pass`. Valid until the next call. ERR_KEY_REFLECTED, or what the
  /// meter says of a chat. An error is final.
  Result<ByteView> feed(ByteView bytes);
  Result<ByteView> end();

  std::vector<TextEvent> take_events();
  /// What a refusal, or a useless answer to a check, means. Complete after end().
  std::optional<Problem> problem() const;
  /// The answer came to its end.
  bool ended() const noexcept { return ended_; }
  AnswerSeen seen() const noexcept { return {status_, content_type_, body_, retry_after_}; }
  /// After end() of a models call. ERR_BAD_ANSWER.
  Result<std::vector<std::string>> models() const;
  /// Another key of this provider is there to take this one's place.
  void spare(bool there) noexcept { spare_ = there; }
  /// After response(): the answer is one that a spare key may do better than (402, 429, 5xx). Nothing of it is passed on;
  /// again() follows.
  bool moves_on() const noexcept;
  /// The same request with another key. This call is over, and to be settled before.
  ProviderExchange again(const SecretBytes& secret, std::string key_id);
  /// The same by way of another address: what `to` is, `request` is for.
  ProviderExchange again(ProviderRef to, Outgoing request, const SecretBytes& secret, std::string key_id);
  /// Was this key tried, here or in one of the calls this one came of?
  bool tried(std::string_view key_id) const noexcept;
  std::size_t tries() const noexcept { return tries_; }
  /// After end() of a login. What read_grant() and diagnose_login() say.
  Result<LoginGrant> grant(Login::Style style) const;

  Errc network_failed(NetworkEvidence evidence);

  /// This call is one to pay for. `asked`: the model asked for, or "" where the body says it.
  void count(std::string asked) { counted_.emplace(std::move(asked)); }
  bool counts() const noexcept { return counted_.has_value(); }
  /// The model asked for; "" if the request names none.
  std::string asked_model() const;
  /// What there is to pay for, at any time: final figures once the answer is complete, else an estimate from what went and
  /// came. Nothing for a call that was not sent, reached nobody, was refused, or is of a kind that costs nothing.
  std::optional<Tally> tally() const;
  /// What the answer said of itself; empty before response(). The model is the one asked for, where it does not say.
  const Usage& usage() const noexcept;
  const std::string& model() const noexcept;
  const std::string& stop() const noexcept;

 private:
  bool succeeded() const noexcept { return status_ >= 200 && status_ < 300; }
  Result<ByteView> took(Result<ByteView> released);

  Purpose purpose_;
  ProviderRef provider_;
  Outgoing outgoing_;
  SecretBytes auth_value_;
  ReflectionScanner watch_;
  std::string key_id_;
  std::optional<Wire> wire_;
  int status_ = 0;
  std::string content_type_;
  bool spare_ = false;
  std::size_t tries_ = 1;
  std::string refused_keys_;      // that were tried before, each with a space behind it
  std::string refused_statuses_;  // and what they were answered: "429, 503"
  std::string retry_after_;
  std::optional<std::string> counted_;  // the model asked for
  bool sent_ = false;
  bool failed_ = false;  // the network did
  bool ended_ = false;
  std::optional<Meter> meter_;  // of a chat or pass that succeeded
  std::optional<UsageSwallow> swallow_;
  Bytes body_;                          // of anything else: the model list, or the beginning of a refusal
  std::unique_ptr<LoginAnswer> grant_;  // of a login
};

}  // namespace keyhold

#include "providers/diagnosis.h"

#include <algorithm>
#include <string>

#include "base/json.h"
#include "providers/error_meaning.h"
#include "providers/retry_hint.h"

namespace keyhold {

namespace {

constexpr std::size_t kMaxValues = 1 << 14;

bool is_success(int status) { return status >= 200 && status < 300; }

char first_character(ByteView body) {
  const auto text = as_text(body);
  const auto at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? '\0' : text[at];
}

// A value as the catalogue writes it: texts as they are, numbers and flags as JSON does.
bool value_fits(JsonRef value, const AnswerRule& rule) {
  if (value.is_object() || value.is_array()) return false;
  const auto text = value.text(kMaxDiagnosedBody);
  const std::string written = text ? std::string(*text) : value.dump();
  return rule.test == AnswerRule::Test::equals ? written == rule.text : written.find(rule.text) != std::string::npos;
}

// Is there a value at `path` that fits? An array on the way stands for each of its elements.
bool field_fits(JsonRef at, std::string_view path, const AnswerRule& rule) {
  if (at.is_array()) {
    bool fits = false;
    (void)at.each([&](JsonRef element) -> Result<void> {
      fits = fits || field_fits(element, path, rule);
      return {};
    });
    return fits;
  }
  if (path.empty()) return value_fits(at, rule);
  const auto dot = path.find('.');
  const auto member = at.find(path.substr(0, dot));
  return member && field_fits(*member, dot == std::string_view::npos ? "" : path.substr(dot + 1), rule);
}

const AnswerRule* first_fitting(const Provider& provider, int status, const Result<Json>& body) {
  for (const AnswerRule& rule : provider.rules) {
    if (rule.status != status && (rule.status != 0 || is_success(status))) continue;
    if (rule.test == AnswerRule::Test::none || (body && field_fits(body->root(), rule.field, rule))) return &rule;
  }
  return nullptr;
}

bool waiting_helps(Errc code) { return code == Errc::ERR_RATE_LIMITED || code == Errc::ERR_PROVIDER_DOWN; }

Errc failure(const Provider& provider, const AnswerSeen& answer, const Result<Json>& body) {
  if (const AnswerRule* rule = first_fitting(provider, answer.status, body)) return rule->code;
  if (body) {
    if (const auto code = meaning_of_words(body->root())) return *code;
  }
  const Errc code = meaning_of_status(answer.status);
  // A page for people instead of an answer: a proxy, a firewall or a sign-in page, which knows nothing of keys.
  const bool about_the_call =
      code == Errc::ERR_NO_PERMISSION || code == Errc::ERR_MODEL_NOT_FOUND || code == Errc::ERR_PROVIDER_REFUSED;
  return about_the_call && first_character(answer.body) == '<' ? Errc::ERR_BAD_ANSWER : code;
}

Problem problem(const Provider& provider, const AnswerSeen& answer, const Result<Json>& body) {
  Problem problem{failure(provider, answer, body), answer.status, std::nullopt};
  if (waiting_helps(problem.code)) {
    problem.retry_after_s = retry_after(answer.retry_after);
    if (!problem.retry_after_s && body) problem.retry_after_s = retry_hint(body->root());
  }
  return problem;
}

AnswerSeen beginning_of(AnswerSeen answer) {
  answer.body = answer.body.first(std::min(answer.body.size(), kMaxDiagnosedBody));
  return answer;
}

Result<Json> parse_beginning(const AnswerSeen& answer) {
  return Json::parse(answer.body, {.max_bytes = kMaxDiagnosedBody, .max_values = kMaxValues});
}

}  // namespace

std::optional<Problem> diagnose_answer(const Provider& provider, const AnswerSeen& whole) {
  if (is_success(whole.status)) return std::nullopt;
  const AnswerSeen answer = beginning_of(whole);
  return problem(provider, answer, parse_beginning(answer));
}

std::optional<Problem> diagnose_check(const Provider& provider, const AnswerSeen& whole) {
  const AnswerSeen answer = beginning_of(whole);
  const auto body = parse_beginning(answer);
  if (!is_success(answer.status)) {
    Problem found = problem(provider, answer, body);
    // Asked for a model that nobody has, only a good key is told that, in whatever words, and not by a page for people.
    if (!provider.check.body.empty() &&
        (found.code == Errc::ERR_MODEL_NOT_FOUND || (found.code == Errc::ERR_PROVIDER_REFUSED && body))) {
      return std::nullopt;
    }
    // No model was asked for: the address of an endpoint that we have only a user's or a site's word for is wrong.
    if (found.code == Errc::ERR_MODEL_NOT_FOUND && provider.kind != ProviderKind::catalogue) {
      found.code = Errc::ERR_BAD_ANSWER;
    }
    return found;
  }
  const char first = first_character(answer.body);
  const bool cut = answer.body.size() == kMaxDiagnosedBody;
  if ((first != '{' && first != '[') || (!body && !cut)) return Problem{Errc::ERR_BAD_ANSWER, answer.status, {}};
  if (const AnswerRule* rule = first_fitting(provider, answer.status, body)) {
    return Problem{rule->code, answer.status, {}};
  }
  return std::nullopt;
}

Errc diagnose_network(const Provider& provider, const NetworkEvidence& evidence) {
  const bool loopback = provider.base.is_loopback();
  // This computer answers itself, connected or not.
  if (!evidence.online && !loopback) return Errc::ERR_OFFLINE;
  if (evidence.answer_begun) return Errc::ERR_CONNECTION_CUT;
  if (evidence.blocked_by_policy) return Errc::ERR_NOT_PERMITTED_BY_SITE;
  if (evidence.local_withheld && evidence.probe_reached != true) return Errc::ERR_LOCAL_PERMISSION;
  // Without a sign that the provider is there, its key is not blamed.
  if (evidence.probe_reached != true) return loopback ? Errc::ERR_LOCAL_NOT_RUNNING : Errc::ERR_BLOCKED;
  if (provider.cors.opaque_401) return Errc::ERR_BAD_KEY_LIKELY;
  if (loopback) return Errc::ERR_LOCAL_CORS;
  // Of the built-in providers most are known to let browsers in, so something on the way took the permission out.
  const bool lets_in = provider.kind == ProviderKind::catalogue && provider.browser == Browser::yes;
  return lets_in ? Errc::ERR_BLOCKED : Errc::ERR_NO_CORS;
}

}  // namespace keyhold

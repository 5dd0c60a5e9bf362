// fuzz_request: an address, headers and a body from anybody. Whatever is admitted goes below its provider's base, by no other spelling
// of a path, with the app's key in one header, nothing of the caller's credentials, and never more charged than is held.
//
//   <method> <address> LF  <name>:<value> LF ...  LF <body>
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "server/receipts/receipt.h"
#include "server/relay/admission.h"
#include "server/relay/route.h"

namespace {

using namespace keyhold;
using namespace keyhold::server;

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kKey = "sk-fuzz-0123456789-0123456789-0123456789";
constexpr std::string_view kConfig = R"({
  "tokens": { "audience": "a", "secretEnv": "S" },
  "providers": [{ "id": "mock", "name": "Mock", "base": "http://127.0.0.1:4174/v1/" },
                { "id": "deep", "name": "Deep", "base": "https://deep.example/a/b/c/", "like": "anthropic" }],
  "keys": { "mock": { "env": "K" }, "deep": { "env": "K" }, "openai": { "env": "K" }, "anthropic": { "env": "K" },
            "google": { "env": "K" } },
  "ownPrices": [{ "provider": "mock", "model": "m-1", "inputUsd": 1, "outputUsd": 2 },
                { "provider": "deep", "model": "m-1", "inputUsd": 1, "outputUsd": 2 },
                { "provider": "openai", "model": "m-1", "inputUsd": 1, "outputUsd": 2 },
                { "provider": "anthropic", "model": "m-1", "inputUsd": 1, "outputUsd": 0 },
                { "provider": "google", "model": "m-1", "inputUsd": 1, "outputUsd": 2 }],
  "plans": [{ "id": "free", "name": "Free", "limitUsd": 1, "maxOutputTokens": 100,
              "models": { "mock": ["*"], "deep": ["m*"], "openai": ["*"], "anthropic": ["*"], "google": ["*"] } }]
})";

/// As of an organisation's key: a third and something.
constexpr std::int64_t kMarkup = 3'334;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

const Config& config() {
  static const Config made = [] {
    const auto environment = [](const std::string&) { return std::optional<std::string>(kKey); };
    const auto no_file = [](const std::string&) { return std::optional<std::string>(); };
    std::string error;
    auto parsed = parse_config(kConfig, {environment, no_file}, error);
    require(parsed.has_value());
    return std::move(*parsed);
  }();
  return made;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void check_url(const Outgoing& out, const Provider& provider) {
  require(out.url.starts_with(provider.base.text()));
  std::string path =
      out.url.substr(0, std::min(out.url.find('?'), out.url.size())).substr(provider.base.origin().size());
  for (char& c : path) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const char* encoded : {"%2e", "%2f", "%5c", "%25", "%00", "\\", "//"}) {
    require(path.find(encoded) == std::string::npos);
  }
  path += '/';
  for (const char* segment : {"/./", "/../"}) require(path.find(segment) == std::string::npos);
  require(std::all_of(out.url.begin(), out.url.end(), [](char c) { return c > ' ' && c < 0x7f; }));
  require(out.url.find(kKey) == std::string::npos);
}

void check_headers(const Outgoing& out) {
  constexpr std::string_view kNever[] = {"authorization", "x-api-key", "x-goog-api-key", "cookie",
                                         "host",          "origin",    "content-length", "transfer-encoding"};
  for (const auto& [name, value] : out.headers) {
    require(std::find(std::begin(kNever), std::end(kNever), name) == std::end(kNever));
    for (const std::string* text : {&name, &value}) {
      require(text->find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    }
  }
}

void check_admitted(Admitted& admitted, std::string_view provider) {
  const Outgoing& out = admitted.call.request();
  require(admitted.call.provider().id == provider);
  check_url(out, admitted.call.provider());
  check_headers(out);
  require(admitted.least_micro_usd >= 0 && admitted.least_micro_usd <= admitted.most_micro_usd);
  require(!admitted.model.empty() && out.body.has_value());
  require(Json::parse(as_bytes(*out.body), {.max_bytes = 64 << 20, .max_values = 1 << 22}).ok());
  const SecretBytes auth = admitted.call.take_auth_value();
  require(as_text(auth.reveal()).ends_with(kKey));  // REVEAL: it is made up here
  const auto charge = charge_of(admitted, config(), kNow);
  require(!charge || (charge->micro_usd >= 0 && charge->micro_usd <= admitted.most_micro_usd));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = as_text(ByteView(data, size));
  const std::string_view line = take_line(text);
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view target = line.substr(std::min(space + 1, line.size()));
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  const std::string_view query = target.substr(std::min(question + 1, target.size()));
  Headers headers;
  for (std::string_view header = take_line(text); !header.empty(); header = take_line(text)) {
    const std::size_t colon = std::min(header.find(':'), header.size());
    headers.emplace_back(header.substr(0, colon), header.substr(std::min(colon + 1, header.size())));
  }
  const KnownRoute* route = route_of(path);
  if (route == nullptr) return 0;
  const bool has_below = route->route == Route::relay || route->route == Route::receipt;
  require(has_below ? path.starts_with(route->path) : path == route->path);
  if (route->route == Route::receipt) (void)parse_call_id(below(path));
  if (route->route != Route::relay) return 0;
  const RelayTarget asked = relay_target(path, query);
  require(asked.provider.find('/') == std::string::npos);
  const auto key = config().app_keys.find(asked.provider);
  const SecretBytes* own = key == config().app_keys.end() ? nullptr : &key->second;
  const AskedCall call{line.substr(0, space), asked.provider, asked.below, headers, as_bytes(text), own, kMarkup};
  auto outcome = admit(config(), config().plans.front(), call, kNow);
  if (auto* admitted = std::get_if<Admitted>(&outcome)) {
    check_admitted(*admitted, asked.provider);
  } else {
    const auto& problem = std::get<server::Problem>(outcome);
    require(status_of(problem.type) >= 400 && !problem.json("id").empty());
  }
  return 0;
}

#include "providers/output_limit.h"

#include <string>

#include <catch2/catch.hpp>

#include "providers/bound.h"
#include "providers/catalogue.h"

using namespace keyhold;

namespace {

std::string limited(const std::string& body, const char* provider = "openai", Wire wire = Wire::openai_chat) {
  const auto catalogue = Catalogue::builtin();
  const auto json = Json::parse(as_bytes(body));
  REQUIRE(json.ok());
  const auto out = with_output_limit(json->root(), wire, *catalogue->find(provider), 50);
  return out ? *out : std::string(name(out.error()));
}

}  // namespace

TEST_CASE("output limit: a bound that is too high is lowered, one that is lower stays") {
  CHECK(limited(R"({"max_tokens":100,"model":"m"})") == R"({"max_tokens":50,"model":"m"})");
  CHECK(limited(R"({"max_tokens":49,"model":"m"})") == R"({"max_tokens":49,"model":"m"})");
  CHECK(limited(R"({"max_completion_tokens":60,"max_tokens":7})") == R"({"max_completion_tokens":50,"max_tokens":7})");
  CHECK(limited(R"({"max_output_tokens":60})", "openai", Wire::openai_responses) == R"({"max_output_tokens":50})");
  CHECK(limited(R"({"max_tokens":60})", "anthropic", Wire::anthropic) == R"({"max_tokens":50})");
}

TEST_CASE("output limit: where none is named, the provider's own name for it is written") {
  CHECK(limited(R"({"model":"m"})") == R"({"model":"m","max_completion_tokens":50})");
  CHECK(limited(R"({"model":"m"})", "mistral") == R"({"model":"m","max_tokens":50})");
  CHECK(limited(R"({"max_tokens":null,"model":"m"})") == R"({"model":"m","max_completion_tokens":50})");
}

TEST_CASE("output limit: Gemini's bound is in its configuration, under either name") {
  const auto gemini = [](const std::string& body) { return limited(body, "google", Wire::gemini); };
  CHECK(gemini(R"({"contents":[]})") == R"({"contents":[],"generationConfig":{"maxOutputTokens":50}})");
  CHECK(gemini(R"({"contents":[],"generationConfig":null})") ==
        R"({"contents":[],"generationConfig":{"maxOutputTokens":50}})");
  CHECK(gemini(R"({"generationConfig":{"maxOutputTokens":9000,"topK":3}})") ==
        R"({"generationConfig":{"maxOutputTokens":50,"topK":3}})");
  CHECK(gemini(R"({"generation_config":{"max_output_tokens":9000}})") ==
        R"({"generation_config":{"max_output_tokens":50}})");
}

TEST_CASE("output limit: what is no whole number is left for the bound to refuse") {
  for (const char* body : {R"({"max_tokens":"many"})", R"({"max_tokens":1.5})", R"({"max_tokens":-1})"}) {
    const auto json = Json::parse(as_bytes(limited(body)));
    CHECK_FALSE(token_bound(json->root(), 10, true).ok());
  }
}

TEST_CASE("output limit: not for what is no object, nor for a form without such a bound") {
  CHECK(limited("[]") == "ERR_BAD_JSON");
  CHECK(limited("{}", "ollama", Wire::ollama) == "ERR_CAP_UNBOUNDED");
}

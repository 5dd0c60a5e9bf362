#include "providers/catalogue.h"

#include "providers/catalogue_entries.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE("catalogue: the built-in one is sound") {
  CHECK(builtin().all().size() == 27);
  for (const ProviderRef& known : builtin().all()) {
    CAPTURE(known->id);
    CHECK(known->kind == ProviderKind::catalogue);
    CHECK(known->calls.empty() == (known->browser == Browser::no));
    CHECK(known->key_optional == known->base.is_loopback());
    // Somebody else's server on this computer could have any of these addresses.
    if (known->base.is_loopback()) CHECK(known->example);
  }
  for (const char* id : {"openai",   "anthropic",   "google",    "openrouter", "mistral", "groq",     "deepseek",
                         "xai",      "together",    "fireworks", "perplexity", "cohere",  "cerebras", "huggingface",
                         "moonshot", "moonshot-cn", "zai",       "zai-cn",     "qwen",    "qwen-us",  "qwen-cn"}) {
    CAPTURE(id);
    CHECK(provider(id)->usable());
    CHECK(provider(id)->base.text().substr(0, 8) == "https://");
  }
  for (const char* id : {"azure-openai", "ollama", "lmstudio", "llamacpp", "vllm"}) {
    CAPTURE(id);
    CHECK(provider(id)->example);
    CHECK_FALSE(provider(id)->usable());
  }
  CHECK(provider("nvidia")->browser == Browser::no);
  CHECK_FALSE(provider("nvidia")->usable());
  CHECK(builtin().find("nobody") == nullptr);
  CHECK(provider("anthropic")->auth.header == "x-api-key");
  CHECK(provider("google")->auth.header == "x-goog-api-key");
  CHECK(provider("xai")->auth.prefix == "Bearer ");
  CHECK(provider("openai")->cors.opaque_401);
}

TEST_CASE("catalogue: an example's base is nobody's, so it stands in nobody's way") {
  Catalogue catalogue = Catalogue::builtin().value();
  const ProviderRef azure = catalogue.find("azure-openai");
  std::vector<Provider> own;
  own.push_back(custom_provider("own-1", "Mine", endpoint("https://mine.openai.azure.com/openai/v1"), azure.get()));
  own.push_back(custom_provider("own-2", "Ours", endpoint("http://localhost:11434/"), catalogue.find("ollama").get()));
  own.push_back(custom_provider("own-3", "Any", endpoint("http://localhost:1234/v1/")));
  REQUIRE(catalogue.set_custom(std::move(own)).ok());
  const ProviderRef mine = catalogue.find("own-1");
  CHECK(mine->like == "azure-openai");
  CHECK(mine->auth.header == "api-key");
  CHECK(mine->auth.prefix.empty());
  CHECK(mine->chat.max_tokens_field == "max_completion_tokens");
  CHECK_FALSE(mine->key_optional);
  CHECK(outcome(catalogue, Method::post, "https://mine.openai.azure.com/openai/v1/responses") == "own-1 responses");
  CHECK(catalogue.find("own-2")->wire == Wire::ollama);
  CHECK(catalogue.find("own-2")->key_optional);
  CHECK(outcome(catalogue, Method::post, "http://localhost:11434/api/chat") == "own-2 api/chat");
  CHECK(outcome(catalogue, Method::post, "http://localhost:11434/api/pull") == "ERR_PATH_NOT_ALLOWED");
  CHECK(outcome(catalogue, Method::post, "http://localhost:1234/v1/embeddings") == "own-3 embeddings");
  CHECK(catalogue.admits(custom_provider("ollama", "x", endpoint("http://localhost:1/"))).error() ==
        Errc::ERR_BAD_INPUT);
}

TEST_CASE("catalogue: a site adds providers but takes no place of a built-in one") {
  Catalogue catalogue = Catalogue::builtin().value();
  const auto add = [&](const std::string& entries) {
    const Json list = Json::parse(as_bytes("[" + entries + "]")).value();
    return catalogue.add_site(list.root());
  };
  REQUIRE(add(entry("", "ours", "https://llm.site.example/v1/")).ok());
  CHECK(catalogue.find("ours")->kind == ProviderKind::site);
  CHECK(add(entry("", "openai", "https://evil.example/")).error() == Errc::ERR_BAD_JSON);
  CHECK(add(entry("", "x", "https://api.openai.com/v1/chat/")).error() == Errc::ERR_BAD_JSON);
  CHECK(add(entry("", "x", "https://api.openai.com/")).error() == Errc::ERR_BAD_JSON);
  CHECK(add(R"({"id":"x"})").error() == Errc::ERR_BAD_JSON);
  CHECK(catalogue.find("ours") != nullptr);  // a refused list changed nothing
  REQUIRE(add(entry("", "theirs", "https://other.site.example/")).ok());
  CHECK(catalogue.find("ours") == nullptr);
  CHECK(catalogue.all().size() == builtin().all().size() + 1);
  const Json number = Json::parse(as_bytes("1")).value();
  CHECK(catalogue.add_site(number.root()).error() == Errc::ERR_BAD_JSON);
}

TEST_CASE("catalogue: the user's own endpoints come last and clash with none") {
  Catalogue catalogue = Catalogue::builtin().value();
  const auto own = [](const char* id, const char* base) { return custom_provider(id, "Mine", endpoint(base)); };
  const auto set = [&](std::initializer_list<std::pair<const char*, const char*>> list) {
    std::vector<Provider> all;
    for (const auto& [id, base] : list) all.push_back(own(id, base));
    return catalogue.set_custom(std::move(all));
  };
  REQUIRE(set({{"c1", "http://localhost:11434/v1"}, {"c2", "https://llm.example/v1"}}).ok());
  CHECK(catalogue.all().back()->id == "c2");
  CHECK(catalogue.find("c1")->kind == ProviderKind::custom);
  CHECK(catalogue.find("c1")->key_optional);
  CHECK_FALSE(catalogue.find("c2")->key_optional);
  CHECK(outcome(catalogue, Method::post, "http://localhost:11434/v1/chat/completions") == "c1 chat/completions");

  CHECK(catalogue.admits(own("c3", "http://localhost:1234/v1")).ok());
  CHECK(catalogue.admits(own("c1", "http://localhost:1234/v1")).error() == Errc::ERR_BAD_INPUT);
  CHECK(catalogue.admits(own("openai", "http://localhost:1234/v1")).error() == Errc::ERR_BAD_INPUT);
  CHECK(catalogue.admits(own("c3", "https://api.openai.com/")).error() == Errc::ERR_BAD_INPUT);
  CHECK(catalogue.admits(own("c3", "https://llm.example/v1/sub")).error() == Errc::ERR_BAD_INPUT);

  const ProviderRef in_use = catalogue.find("c1");
  CHECK(set({{"c1", "https://api.openai.com/v1"}}).error() == Errc::ERR_BAD_INPUT);
  CHECK(set({{"c1", "https://a.example/"}, {"c1", "https://b.example/"}}).error() == Errc::ERR_BAD_INPUT);
  CHECK(set({{"", "https://a.example/"}}).error() == Errc::ERR_BAD_INPUT);
  CHECK(catalogue.find("c1") == in_use);
  REQUIRE(set({}).ok());
  CHECK(catalogue.all().size() == builtin().all().size());
  CHECK(in_use->base.text() == "http://localhost:11434/v1/");  // a call under way still has it
}

TEST_CASE("catalogue: the user's own endpoints are bounded in number") {
  Catalogue catalogue = Catalogue::builtin().value();
  const auto many = [](std::size_t count) {
    std::vector<Provider> list;
    for (std::size_t i = 0; i < count; ++i) {
      list.push_back(
          custom_provider("c" + std::to_string(i), "x", endpoint("https://h" + std::to_string(i) + ".example")));
    }
    return list;
  };
  CHECK(catalogue.set_custom(many(Catalogue::kMaxProviders)).ok());
  CHECK(catalogue.set_custom(many(Catalogue::kMaxProviders + 1)).error() == Errc::ERR_TOO_MANY);
}

#include "providers/pasted.h"

#include "providers/env_file.h"
#include "providers/feeding.h"
#include "providers/key_format.h"
#include "providers/key_owner.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

const std::string kLong = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// "kind", "kind better" or "kind admin".
std::string seen(const Provider* chosen, std::string_view text) {
  const Pasted pasted = look_at(builtin(), chosen, secret(text));
  std::string said(name(pasted.kind));
  if (pasted.better) said += " " + pasted.better->id;
  if (pasted.admin) said += " admin";
  return said;
}

std::string seen(std::string_view chosen, std::string_view text) { return seen(provider(chosen).get(), text); }

EnvFile env(std::string_view text) { return read_env_file(builtin(), secret(text)).value(); }

// "provider name key" for each, then the skipped lines.
std::vector<std::string> read(std::string_view text) {
  std::vector<std::string> lines;
  const EnvFile file = env(text);
  for (const EnvFile::Key& key : file.keys) {
    lines.push_back(key.provider->id + " " + key.name + " " + text_of(key.secret));
  }
  for (const std::int64_t line : file.skipped) lines.push_back("skipped " + std::to_string(line));
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("pasted: a key of another provider is told from one of the provider chosen") {
  CHECK(seen("openai", "sk-proj-" + kLong) == "key");
  CHECK(seen("openai", "sk-ant-api03-" + kLong) == "key anthropic");
  CHECK(seen("openai", "sk-or-v1-" + kLong) == "key openrouter");
  CHECK(seen("anthropic", "sk-proj-" + kLong) == "key openai");
  CHECK(seen("anthropic", "sk-ant-api03-" + kLong) == "key");
  CHECK(seen("mistral", "gsk_" + kLong) == "key groq");
  CHECK(seen("google", "AQ." + kLong) == "key");
  CHECK(seen("openai", "AIza" + kLong) == "key google");
  // With what comes along when it is copied.
  CHECK(seen("openai", " \"sk-ant-api03-" + kLong + "\"\n") == "key anthropic");
  CHECK(seen("openai", "Authorization: Bearer gsk_" + kLong) == "key groq");
}

TEST_CASE("pasted: a beginning that fits two providers says nothing") {
  CHECK(seen("deepseek", "sk-" + kLong) == "key");
  CHECK(seen("openai", "sk-" + kLong) == "key");
  CHECK(seen("mistral", "sk-" + kLong) == "key");
  CHECK(seen("mistral", kLong) == "key");
}

TEST_CASE("pasted: a variable's name says whose key it is where the key does not") {
  CHECK(seen("openai", "MISTRAL_API_KEY=" + kLong) == "key mistral");
  CHECK(seen("mistral", "MISTRAL_API_KEY=" + kLong) == "key");
  CHECK(seen("openai", "GEMINI_API_KEY=" + kLong) == "key google");
  CHECK(seen("openai", "MY_API_KEY=sk-proj-" + kLong) == "key");
}

TEST_CASE("pasted: with no provider chosen, the owner is who it looks like") {
  CHECK(seen(nullptr, "sk-ant-api03-" + kLong) == "key anthropic");
  CHECK(seen(nullptr, "XAI_API_KEY=" + kLong) == "key xai");
  CHECK(seen(nullptr, "sk-" + kLong) == "key");
  CHECK(seen(nullptr, "hello") == "brief");
}

TEST_CASE("pasted: an endpoint of the user's own takes any key") {
  const Provider own = custom_provider("own-1", "Own", endpoint("https://llm.example/v1/"));
  CHECK(seen(&own, "sk-ant-api03-" + kLong) == "key");
  CHECK(seen(&own, "ollama-1") == "key");
  CHECK(seen(&own, "https://llm.example/v1/") == "address");
}

TEST_CASE("pasted: an endpoint that is like a provider takes nothing away from that provider's own keys") {
  Catalogue catalogue = builtin();
  const ProviderRef groq = catalogue.find("groq");
  REQUIRE(
      catalogue.set_custom({custom_provider("own-1", "Own", endpoint("https://llm.example/v1/"), groq.get())}).ok());
  CHECK(owner_by_beginning(catalogue, "gsk_" + kLong)->id == "groq");
}

TEST_CASE("pasted: keys that manage accounts are noticed, whoever was chosen") {
  for (const char* chosen : {"openai", "anthropic", "groq"}) {
    CHECK(seen(chosen, "sk-admin-" + kLong) == "key admin");
    CHECK(seen(chosen, "sk-ant-admin01-" + kLong) == "key admin");
  }
}

TEST_CASE("pasted: what is no key is called what it is") {
  for (const auto& [text, kind] : {std::pair{"", "nothing"},
                                   {"  \n ", "nothing"},
                                   {"https://platform.openai.com/api-keys", "address"},
                                   {" www.example.com", "address"},
                                   {"somebody@example.com", "mail"},
                                   {"correct horse battery staple", "words"},
                                   {"a\nb", "words"},
                                   {"secret", "brief"},
                                   {"Summer2026!", "brief"},
                                   {"1234567890123456789", "brief"},
                                   {"12345678901234567890", "key"},
                                   {"sk-proj-short", "key"},
                                   {"sch\xc3\xbcssel-schl\xc3\xbcssel", "odd"}}) {
    CAPTURE(text);
    CHECK(seen("openai", text) == kind);
  }
  CHECK(seen("openai", std::string(kMaxKeyBytes, 'k')) == "key");
  CHECK(seen("openai", std::string(kMaxKeyBytes + 1, 'k')) == "odd");
}

TEST_CASE("key owner: the longest beginning decides, and two of one length decide nothing") {
  CHECK(owner_by_beginning(builtin(), "sk-proj-x")->id == "openai");
  CHECK(owner_by_beginning(builtin(), "sk-or-v1-x")->id == "openrouter");
  CHECK(owner_by_beginning(builtin(), "sk-x") == nullptr);
  CHECK(owner_by_beginning(builtin(), "") == nullptr);
  CHECK(owner_by_name(builtin(), "OPENROUTER_API_KEY")->id == "openrouter");
  CHECK(owner_by_name(builtin(), "open_ai_key")->id == "openai");
  CHECK(owner_by_name(builtin(), "CLAUDE_KEY")->id == "anthropic");
  CHECK(owner_by_name(builtin(), "API_KEY") == nullptr);
}

TEST_CASE("env file: NAME=value lines, with comments, quotes, exports and what is of nobody") {
  CHECK(read("# keys\nexport OPENAI_API_KEY=\"sk-proj-" + kLong + "\"  # mine\r\n\nMISTRAL_API_KEY=" + kLong +
             " # no\nDATABASE_URL=postgres://x\nPORT=3000\nANY=gsk_" + kLong + "\n") ==
        Lines{"openai OPENAI_API_KEY sk-proj-" + kLong, "mistral MISTRAL_API_KEY " + kLong, "groq ANY gsk_" + kLong,
              "skipped 5", "skipped 6"});
}

TEST_CASE("env file: a line of a provider that no key can be stored for is skipped, whatever is in it") {
  CHECK(read("NVIDIA_API_KEY=nvapi-" + kLong + "\nANY=nvapi-" + kLong + "\nnvapi-" + kLong +
             "\nAZURE_OPENAI_API_KEY=sk-proj-" + kLong + "\nGROQ=gsk_" + kLong) ==
        Lines{"groq GROQ gsk_" + kLong, "skipped 1", "skipped 2", "skipped 3", "skipped 4"});
  CHECK(seen("openai", "nvapi-" + kLong) == "key nvidia");
}

TEST_CASE("env file: bare keys, headers, lists and JSON are read where the keys are recognised") {
  const std::string groq = "gsk_" + kLong;
  const std::string anthropic = "sk-ant-api03-" + kLong;
  CHECK(read(groq + "\n" + anthropic) == Lines{"groq Pasted " + groq, "anthropic Pasted " + anthropic});
  CHECK(read("- " + groq + "\n* " + anthropic + ",") == Lines{"groq Pasted " + groq, "anthropic Pasted " + anthropic});
  CHECK(read(groq + ", " + anthropic) == Lines{"groq Pasted " + groq, "anthropic Pasted " + anthropic});
  CHECK(read("Authorization: Bearer " + groq) == Lines{"groq Pasted " + groq});
  CHECK(read("{\"env\": {\"MISTRAL_API_KEY\": \"" + kLong + "\", \"X\":\"" + groq + "\"}}") ==
        Lines{"mistral MISTRAL_API_KEY " + kLong, "groq X " + groq});
  CHECK(read("A_KEY=" + groq + " B_KEY=" + anthropic) == Lines{"groq A_KEY " + groq, "anthropic B_KEY " + anthropic});
  CHECK(read("Groq: " + groq) == Lines{"groq Groq " + groq});
  CHECK(read(kLong + "\nsk-" + kLong + "\nhello there\n") == Lines{"skipped 1", "skipped 2", "skipped 3"});
  CHECK(read("") == Lines{});
}

TEST_CASE("env file: size and number of keys are bounded, exactly") {
  const auto many = [](std::size_t keys, std::string_view between) {
    std::string text;
    for (std::size_t i = 0; i < keys; ++i) {
      text += "gsk_" + kLong;
      text += between;
    }
    return text;
  };
  for (const char* between : {"\n", " "}) {
    CHECK(env(many(kMaxEnvKeys - 1, between)).keys.size() == kMaxEnvKeys - 1);
    CHECK(env(many(kMaxEnvKeys, between)).keys.size() == kMaxEnvKeys);
    CHECK(read_env_file(builtin(), secret(many(kMaxEnvKeys + 1, between))).error() == Errc::ERR_TOO_MANY);
  }
  CHECK(env(std::string(kMaxEnvBytes, '\n')).keys.empty());
  CHECK(read_env_file(builtin(), secret(std::string(kMaxEnvBytes + 1, '\n'))).error() == Errc::ERR_TOO_LARGE);
}

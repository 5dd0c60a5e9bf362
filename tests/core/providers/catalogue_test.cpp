#include "providers/catalogue.h"

#include "providers/feeding.h"
#include "providers/path_template.h"
#include "providers/provider_json.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

std::string entry(std::string_view more, std::string_view id = "a", std::string_view base = "https://a.example/v1/") {
  return R"({"id":")" + std::string(id) + R"(","name":"A","base":")" + std::string(base) + "\"" +
         (more.empty() ? "" : ",") + std::string(more) + "}";
}

Errc refusal(std::string_view entries) {
  const auto parsed = catalogue_of(entries);
  REQUIRE_FALSE(parsed.ok());
  return parsed.error();
}

std::string outcome(const Catalogue& catalogue, Method method, std::string_view url) {
  const auto found = match(catalogue, method, url);
  return found ? found->provider->id + " " + found->call->path : std::string(name(found.error()));
}

}  // namespace

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

TEST_CASE("catalogue: a call is allowed where it is listed, and its model is known") {
  struct Allowed {
    Method method;
    const char* url;
    const char* found;
  };
  for (const auto& [method, url, found] : {
           Allowed{Method::post, "https://api.openai.com/v1/chat/completions", "openai chat/completions"},
           Allowed{Method::get, "https://api.openai.com/v1/models", "openai models"},
           Allowed{Method::post, "https://api.anthropic.com/v1/messages?beta=true", "anthropic messages"},
           Allowed{Method::post, "https://openrouter.ai/api/v1/chat/completions", "openrouter chat/completions"},
           Allowed{Method::post, "https://api.groq.com/openai/v1/chat/completions", "groq chat/completions"},
           Allowed{Method::post, "https://api.deepseek.com/chat/completions", "deepseek chat/completions"},
           Allowed{Method::post, "https://api.x.ai/v1/chat/completions", "xai chat/completions"},
           Allowed{Method::post, "https://api.mistral.ai/v1/fim/completions", "mistral fim/completions"},
       }) {
    CHECK(outcome(builtin(), method, url) == found);
  }
  const auto gemini = match(builtin(), Method::post,
                            "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:"
                            "streamGenerateContent?alt=sse");
  REQUIRE(gemini.ok());
  CHECK(gemini->model == "gemini-3.8-flash");
  CHECK(gemini->call->wire == Wire::gemini);
  CHECK(gemini->call->call_class == CallClass::infer);
  const auto listed = match(builtin(), Method::get, "https://openrouter.ai/api/v1/models/a/b:free/endpoints");
  REQUIRE(listed.ok());
  CHECK(listed->call->call_class == CallClass::models);
}

TEST_CASE("catalogue: everything else is refused, and it says which kind of refusal") {
  const auto refused = [](Method method, const char* url) { return outcome(builtin(), method, url); };
  for (const char* url : {"https://api.openai.com/v1/realtime/client_secrets",  // mints credentials
                          "https://api.openai.com/v1/organization/admin_api_keys",
                          "https://api.openai.com/v1/realtime/sessions",
                          "https://api.openai.com/v1/files/a",
                          "https://api.openai.com/v1/files?other",
                          "https://api.anthropic.com/v1/organizations/me",
                          "https://api.mistral.ai/v1/files/a/url",
                          "https://api.openai.com/v1/chat/completions/",
                          "https://api.openai.com/v1/chat",
                          "https://api.openai.com/v1/",
                          "https://api.openai.com/v1/chat/completions?api-version=1",
                          "https://generativelanguage.googleapis.com/v1beta/auth_tokens",
                          "https://generativelanguage.googleapis.com/v1beta/models/a:generateContent?key=x",
                          "https://generativelanguage.googleapis.com/v1beta/models/a:generateContent?$httpHeaders=x",
                          "https://generativelanguage.googleapis.com/v1beta/models/a:b:generateContent",
                          "https://generativelanguage.googleapis.com/v1beta/models/:generateContent",
                          "https://generativelanguage.googleapis.com/v1beta/models/a%3Ab:generateContent",
                          "https://openrouter.ai/api/v1/keys",
                          "https://openrouter.ai/api/v1/auth/keys",
                          "https://api.deepseek.com/user/balance"}) {
    CAPTURE(url);
    CHECK(refused(Method::post, url) == "ERR_PATH_NOT_ALLOWED");
  }
  CHECK(refused(Method::get, "https://api.openai.com/v1/chat/completions") == "ERR_PATH_NOT_ALLOWED");
  CHECK(refused(Method::del, "https://api.openai.com/v1/models/a") == "ERR_PATH_NOT_ALLOWED");
  CHECK(refused(Method::get, "https://openrouter.ai/api/v1/key") == "ERR_PATH_NOT_ALLOWED");
  CHECK(refused(Method::post, "https://integrate.api.nvidia.com/v1/chat/completions") == "ERR_PATH_NOT_ALLOWED");
  for (const char* url : {"https://your-resource.openai.azure.com/openai/v1/models",  // nobody's
                          "https://api.openai.com/v2/models", "https://api.openai.com/v1",
                          "https://openai.com/v1/models", "https://openrouter.ai/", "http://localhost:11434/v1/models",
                          "nonsense", "https://api.openai.com/v1/../v1/models"}) {
    CAPTURE(url);
    CHECK(refused(Method::get, url) == "ERR_UNKNOWN_ENDPOINT");
  }
}

TEST_CASE("catalogue: no call of any provider makes or manages a credential or an account, or changes what it runs") {
  // Positive control: the words do find such paths.
  static constexpr std::string_view kWords[] = {"key",     "token",   "secret",     "account", "org",    "billing",
                                                "credit",  "balance", "user",       "admin",   "invite", "project",
                                                "session", "login",   "auth",       "pull",    "push",   "create",
                                                "copy",    "delete",  "fine_tuning"};
  const auto suspicious = [](std::string_view path) {
    return std::any_of(std::begin(kWords), std::end(kWords),
                       [&](std::string_view word) { return path.find(word) != std::string_view::npos; });
  };
  CHECK(suspicious("realtime/client_secrets"));
  CHECK(suspicious("user/balance"));
  CHECK(suspicious("auth/keys"));
  std::size_t calls = 0;
  for (const ProviderRef& any : builtin().all()) {
    for (const Call& call : any->calls) {
      ++calls;
      if (call.path == "messages/count_tokens" || call.path == "models/{model}:countTokens" ||
          call.path == "v1/tokenize" || call.path == "responses/input_tokens") {
        continue;  // they count
      }
      CAPTURE(any->id, call.path);
      CHECK_FALSE(suspicious(call.path));
    }
  }
  CHECK(calls > 300);
}

TEST_CASE("catalogue: calls of each kind have their class") {
  const auto class_of = [](Method method, const char* url) { return match(builtin(), method, url)->call->call_class; };
  CHECK(class_of(Method::post, "https://api.openai.com/v1/images/generations") == CallClass::images);
  CHECK(class_of(Method::post, "https://api.groq.com/openai/v1/audio/transcriptions") == CallClass::audio);
  CHECK(class_of(Method::post, "https://api.openai.com/v1/files") == CallClass::files);
  CHECK(class_of(Method::del, "https://api.openai.com/v1/files/file-1") == CallClass::files);
  CHECK(class_of(Method::get, "https://api.openai.com/v1/batches/batch-1") == CallClass::batch);
  CHECK(class_of(Method::post, "https://api.anthropic.com/v1/messages/batches") == CallClass::batch);
  CHECK(class_of(Method::post, "https://api.cohere.com/v2/rerank") == CallClass::infer);
  CHECK(class_of(Method::get, "https://api.together.xyz/v1/models/openai/gpt-oss-120b") == CallClass::models);
  CHECK(match(builtin(), Method::post, "https://api.x.ai/v1/responses")->call->wire == Wire::openai_responses);
  // What an id stands for is no model.
  CHECK(match(builtin(), Method::get, "https://api.openai.com/v1/files/file-1")->model.empty());
  CHECK(match(builtin(), Method::get, "https://api.openai.com/v1/models/m")->model == "m");
}

TEST_CASE("catalogue: an entry like another is as that one, but for what it says") {
  const std::string first = R"("auth":{"header":"x-k"},"cors":{"opaque_401":true},"key_prefixes":["p-"],)"
                            R"("rules":[{"status":403,"code":"ERR_REGION"}],"example_base":true)";
  const auto read = catalogue_of(
      entry(first) + "," +
      entry(R"("like":"a","rules":[{"status":404,"code":"ERR_NO_CREDIT"}])", "b", "https://b.example/v1/"));
  REQUIRE(read.ok());
  const ProviderRef other = read->find("b");
  CHECK(other->like == "a");
  CHECK(other->auth.header == "x-k");
  CHECK(other->cors.opaque_401);
  CHECK(other->key_prefixes == read->find("a")->key_prefixes);
  CHECK(other->usable());  // its base is its own
  REQUIRE(other->rules.size() == 1);
  CHECK(other->rules[0].status == 404);
  CHECK(outcome(*read, Method::post, "https://b.example/v1/chat/completions") == "b chat/completions");
  CHECK(outcome(*read, Method::post, "https://a.example/v1/chat/completions") == "ERR_UNKNOWN_ENDPOINT");
  // Only what stands before it, or is built in.
  CHECK(refusal(entry(R"("like":"b")") + "," + entry("", "b", "https://b.example/")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry(R"("like":"a")")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry("") + "," + entry(R"("like":"a","wire":"gemini")", "b", "https://b.example/")) ==
        Errc::ERR_BAD_JSON);
  Catalogue with_site = Catalogue::builtin().value();
  const Json site = Json::parse(as_bytes("[" + entry(R"("like":"anthropic")") + "]")).value();
  REQUIRE(with_site.add_site(site.root()).ok());
  CHECK(with_site.find("a")->auth.header == "x-api-key");
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

TEST_CASE("path template: a placeholder is one segment or a part of it") {
  CHECK(match_path("models/{model}", "models/a.b-c:d") == "a.b-c:d");
  CHECK(match_path("models/{model}:run", "models/a:run") == "a");
  CHECK(match_path("models/{model}/{model}/x", "models/a/b/x") == "a");
  CHECK(match_path("files/{id}/content", "files/f-1/content") == "");
  CHECK(match_path("files/{id}", "files/a/b") == std::nullopt);
  CHECK(match_path("models", "models") == "");
  for (const char* path : {"models/", "models/a/b", "models", "models/a%2fb", "xmodels/a", "Models/a"}) {
    CAPTURE(path);
    CHECK(match_path("models/{model}", path) == std::nullopt);
  }
  CHECK(match_path("models/{model}:run", "models/a:b:run") == std::nullopt);
  CHECK(match_path("models/{model}:run", "models/a:runs") == std::nullopt);
  CHECK(match_path("files/{id}", "files/a_b-1.c") == "");
  CHECK(match_path("files/{id}:get", "files/a:get") == "");
  CHECK(match_path("{id}/models/{model}", "a/models/b") == "b");
  for (const char* path : {"files/a:get", "files/", "files/a/b", "files/%61"}) {
    CAPTURE(path);
    CHECK(match_path("files/{id}", path) == std::nullopt);
  }
  for (const char* bad :
       {"", "/a", "a//b", "../a", "a/..", "{model}{model}", "a b", "a?b", "{other}", "a{model", "a%41"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_path_template(bad));
  }
}

TEST_CASE("catalogue: files, pictures, sound and batches are in classes of their own") {
  const auto found = [](Method method, const char* url) { return match(builtin(), method, url); };
  struct Of {
    Method method;
    const char* url;
    CallClass call_class;
  };
  for (const auto& [method, url, call_class] : {
           Of{Method::post, "https://api.openai.com/v1/files", CallClass::files},
           Of{Method::get, "https://api.openai.com/v1/files/file-1/content", CallClass::files},
           Of{Method::post, "https://api.openai.com/v1/images/edits", CallClass::images},
           Of{Method::post, "https://api.openai.com/v1/audio/transcriptions", CallClass::audio},
           Of{Method::post, "https://api.openai.com/v1/batches/batch_1/cancel", CallClass::batch},
           Of{Method::get, "https://api.openai.com/v1/responses/resp_1?include%5B%5D=x", CallClass::infer},
           Of{Method::del, "https://api.openai.com/v1/responses/resp_1", CallClass::infer},
           Of{Method::post, "https://api.anthropic.com/v1/messages/count_tokens?beta=true", CallClass::infer},
           Of{Method::post, "https://api.anthropic.com/v1/files?beta=true", CallClass::files},
           Of{Method::get, "https://api.anthropic.com/v1/messages/batches/b_1/results", CallClass::batch},
           Of{Method::post, "https://generativelanguage.googleapis.com/v1beta/models/m:batchEmbedContents",
              CallClass::infer},
           Of{Method::get, "https://generativelanguage.googleapis.com/v1beta/files/f:download?alt=media",
              CallClass::files},
           Of{Method::post, "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=a",
              CallClass::files},
           Of{Method::post, "https://api.mistral.ai/v1/audio/transcriptions", CallClass::audio},
           Of{Method::post, "https://api.groq.com/openai/v1/audio/translations", CallClass::audio},
       }) {
    CAPTURE(url);
    const auto one = found(method, url);
    REQUIRE(one.ok());
    CHECK(one->call->call_class == call_class);
    CHECK(one->call->takes_form() ==
          (call_class == CallClass::files || call_class == CallClass::images || call_class == CallClass::audio));
  }
}

TEST_CASE("catalogue: beside its base, a built-in provider has only what is listed, and another has nothing") {
  const auto refused = [](const char* url) { return outcome(builtin(), Method::post, url); };
  CHECK(refused("https://generativelanguage.googleapis.com/upload/v1beta/files") == "google /upload/v1beta/files");
  CHECK(refused("https://generativelanguage.googleapis.com/upload/v1beta/files?key=x") == "ERR_PATH_NOT_ALLOWED");
  for (const char* url :
       {"https://generativelanguage.googleapis.com/upload/v1beta/files/",
        "https://generativelanguage.googleapis.com/upload/v1beta/other",
        "https://generativelanguage.googleapis.com/v1alpha/models", "https://generativelanguage.googleapis.com/v1",
        "https://api.openai.com/upload/v1beta/files", "http://generativelanguage.googleapis.com/"}) {
    CAPTURE(url);
    CHECK(refused(url) == "ERR_UNKNOWN_ENDPOINT");
  }
  CHECK(refused("https://generativelanguage.googleapis.com/v1/models/m:generateContent") ==
        "google models/{model}:generateContent");
  CHECK(refused("https://generativelanguage.googleapis.com/v1/auth_tokens") == "ERR_PATH_NOT_ALLOWED");
  constexpr const char* kRooted = R"("calls":[{"method":"POST","path":"/up/{id}","class":"files","bytes":true}])";
  const auto built_in = catalogue_of(entry(kRooted));
  REQUIRE(built_in.ok());
  CHECK(outcome(*built_in, Method::post, "https://a.example/up/1") == "a /up/{id}");
  CHECK(built_in->find("a")->calls[0].bytes);
  for (const char* of_built_in : {kRooted, R"("beside":["/v2/"])"}) {
    CHECK(catalogue_of(entry(of_built_in)).ok());
    const std::string site = "[" + entry(of_built_in) + "]";
    Catalogue of_site = catalogue_of("").value();
    CHECK(of_site.add_site(Json::parse(as_bytes(site)).value().root()).error() == Errc::ERR_BAD_JSON);
  }
}

TEST_CASE("catalogue: an entry needs three fields, the rest is as usual for its wire") {
  const auto read = catalogue_of(entry("") + "," + entry(R"("wire":"anthropic")", "b", "https://b.example/") + "," +
                                 entry(R"("wire":"gemini")", "c", "https://c.example/"));
  REQUIRE(read.ok());
  const ProviderRef openai = read->find("a");
  CHECK(openai->wire == Wire::openai_chat);
  CHECK(openai->auth.header == "authorization");
  CHECK(openai->check.path == "models");
  CHECK(openai->chat.max_tokens_field == "max_tokens");
  CHECK(openai->chat.ask_usage);
  CHECK(outcome(*read, Method::post, "https://a.example/v1/chat/completions") == "a chat/completions");
  CHECK(match(*read, Method::post, "https://a.example/v1/audio/transcriptions")->call->takes_form());
  CHECK(outcome(*read, Method::post, "https://b.example/messages") == "b messages");
  CHECK(read->find("b")->required_headers.size() == 2);
  CHECK(outcome(*read, Method::post, "https://c.example/models/m:generateContent?alt=sse") ==
        "c models/{model}:generateContent");
}

TEST_CASE("catalogue: what the schema does not allow is refused") {
  for (const char* more : {
           R"("colour":"red")",
           R"("wire":"morse")",
           R"("wire":null)",
           R"("steps":"one")",
           R"("steps":[1])",
           R"("steps":["a\u000ab"])",
           R"("auth":{})",
           R"("auth":{"header":"X-Key"})",
           R"("auth":{"header":"a b"})",
           R"("auth":{"header":"a","prefix":"b\u000d\u000ac"})",
           R"("auth":{"header":"a","x":1})",
           R"("headers":{"A":"b"})",
           R"("headers":{"a":1})",
           R"("headers":{"a":"\u0000"})",
           R"("headers":[])",
           R"("check":{"method":"GET"})",
           R"("check":{"method":"POST","path":"x"})",
           R"("check":{"path":"x","body":{}})",
           R"("check":{"method":"POST","path":"x","body":[]})",
           R"("check":{"method":"POST","path":"x","body":"{}"})",
           R"("browser":"maybe")",
           R"("browser":true)",
           R"("browser_note":"a\u000ab")",
           R"("like":"nobody")",
           R"("like":7)",
           R"("example_base":1)",
           R"("also":[{"method":"GET","path":"../a","class":"infer"}])",
           R"("check":{"method":"PUT","path":"x"})",
           R"("check":{"method":"GET","path":"../x"})",
           R"("check":{"method":"GET","path":"/x"})",
           R"("check":{"method":"GET","path":"x y"})",
           R"("check":{"method":"GET","path":"x#y"})",
           R"("chat":{"ask_usage":1})",
           R"("chat":{"stream":true})",
           R"("rules":{})",
           R"("rules":[{}])",
           R"("rules":[{"code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"code":"ERR_LOCKED"}])",
           R"("rules":[{"status":199,"code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":600,"code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"field":"a","code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"equals":"a","code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"field":"a","equals":"b","contains":"c","code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"field":"a","equals":"","code":"ERR_BAD_KEY"}])",
           R"("calls":[{"method":"GET","path":"a"}])",
           R"("calls":[{"method":"GET","path":"a","class":"admin"}])",
           R"("calls":[{"method":"GET","path":"../a","class":"infer"}])",
           R"("calls":[{"method":"GET","path":"/","class":"infer"}])",
           R"("calls":[{"method":"GET","path":"//a","class":"infer"}])",
           R"("calls":[{"method":"GET","path":"{id}{model}","class":"infer"}])",
           R"("calls":[{"method":"GET","path":"a","class":"infer","bytes":1}])",
           R"("calls":[{"method":"GET","path":"a","class":"infer","wire":"x"}])",
           R"("query":[""])",
           R"("beside":["v1/"])",
           R"("beside":["/v1"])",
           R"("beside":["/"])",
           R"("beside":["/{id}/"])",
           R"("beside":["/../"])",
           R"("cors":{"reflects":"yes"})",
           R"("cors":{"headers":["A"]})",
           R"("cors":{"expose":[]})",
           R"("key_optional":1)",
           R"("console_url":"http://a.example/")",
           R"("console_url":"javascript:alert")",
           R"("docs_url":"https://a.example/<x>")",
           R"("suggested_model":"a b")",
           R"("suggested_model":"")",
       }) {
    CAPTURE(more);
    CHECK(refusal(entry(more)) == Errc::ERR_BAD_JSON);
  }
  CHECK(refusal(entry("", "A")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry("", "")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(R"({"id":"a","name":"A"})") == Errc::ERR_BAD_JSON);
  for (const char* base :
       {"https://A.example/", "https://a.example", "https://a.example:443/", "http://a.example/", ""}) {
    CAPTURE(base);
    CHECK(refusal(entry("", "a", base)) == Errc::ERR_BAD_JSON);
  }
  CHECK_FALSE(Catalogue::parse(as_bytes(R"({"format":2,"made":"2026-11-23","providers":[]})")).ok());
  CHECK_FALSE(Catalogue::parse(as_bytes(R"({"format":1,"providers":[]})")).ok());
  CHECK_FALSE(Catalogue::parse(as_bytes(R"({"format":1,"made":"yesterday!","providers":[]})")).ok());
  CHECK_FALSE(Catalogue::parse(as_bytes(R"({"format":1,"made":"2026-11-23","providers":[],"more":1})")).ok());
}

TEST_CASE("catalogue: no two providers share an id or an address") {
  CHECK(refusal(entry("") + "," + entry("", "a", "https://b.example/")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry("") + "," + entry("", "b")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry("") + "," + entry("", "b", "https://a.example/")) == Errc::ERR_BAD_JSON);
  CHECK(catalogue_of(entry("") + "," + entry("", "b", "https://a.example/v2/")).ok());
}

TEST_CASE("catalogue: sizes are bounded, exactly") {
  const auto entries = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) text += ",";
      text += entry("", "p" + std::to_string(i), "https://p" + std::to_string(i) + ".example/");
    }
    return text;
  };
  CHECK(catalogue_of(entries(Catalogue::kMaxProviders)).ok());
  CHECK(refusal(entries(Catalogue::kMaxProviders + 1)) == Errc::ERR_TOO_MANY);

  const auto list = [](const char* item, std::size_t count) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i) text += std::string(i > 0 ? "," : "") + item;
    return text + "]";
  };
  for (const auto& [field, item, most] :
       {std::tuple{"steps", R"("x")", kMaxSteps}, std::tuple{"key_prefixes", R"("x")", kMaxSteps},
        std::tuple{"query", R"("x")", kMaxListItems},
        std::tuple{"rules", R"({"status":401,"code":"ERR_BAD_KEY"})", kMaxListItems},
        std::tuple{"calls", R"({"method":"GET","path":"a","class":"infer"})", kMaxCalls}}) {
    const std::string start = "\"" + std::string(field) + "\":";
    CAPTURE(field);
    CHECK(catalogue_of(entry(start + list(item, most))).ok());
    CHECK(refusal(entry(start + list(item, most + 1))) == Errc::ERR_BAD_JSON);
  }
  CHECK(catalogue_of(entry("", std::string(kMaxProviderId, 'a'))).ok());
  CHECK(refusal(entry("", std::string(kMaxProviderId + 1, 'a'))) == Errc::ERR_BAD_JSON);
  const auto step = [](std::size_t size) { return R"("steps":[")" + std::string(size, 'x') + "\"]"; };
  CHECK(catalogue_of(entry(step(kMaxStepText))).ok());
  CHECK(refusal(entry(step(kMaxStepText + 1))) == Errc::ERR_BAD_JSON);
  CHECK(Catalogue::parse(as_bytes(std::string(Catalogue::kMaxBytes + 1, ' '))).error() == Errc::ERR_TOO_LARGE);
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

// Which calls does the catalogue let through, and in which class?
#include <algorithm>

#include "providers/catalogue_entries.h"

using namespace keyhold;
using namespace keyhold::test;

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
           Allowed{Method::post, "https://api.z.ai/api/anthropic/v1/messages", "zai /api/anthropic/v1/messages"},
           Allowed{Method::post, "https://dashscope-intl.aliyuncs.com/apps/anthropic/v1/messages",
                   "qwen /apps/anthropic/v1/messages"},
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
                          "https://dashscope-us.aliyuncs.com/apps/anthropic/v1/messages",  // known of its like only
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

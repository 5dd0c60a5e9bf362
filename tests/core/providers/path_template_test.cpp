#include "providers/path_template.h"

#include <optional>

#include "support.h"

using namespace keyhold;

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

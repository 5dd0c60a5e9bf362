#include "providers/text_bytes.h"

#include "providers/feeding.h"

using namespace keyhold;

TEST_CASE("text_bytes: the texts of questions and answers, and nothing else of them") {
  CHECK(text_bytes(R"({"choices":[{"delta":{"role":"assistant","content":"Hello"}}],"model":"content"})") == 5);
  CHECK(text_bytes(R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"four"}})") == 4);
  CHECK(text_bytes(R"({"type":"response.output_text.delta","delta":"three"})") == 5);
  CHECK(text_bytes(R"({"candidates":[{"content":{"parts":[{"text":"ab"},{"text":"cd"}],"role":"model"}}]})") == 4);
  CHECK(text_bytes(R"({"messages":[{"role":"user","content":[{"type":"text","text":"one"}]}],"system":"two"})") == 6);
  CHECK(text_bytes(R"({"function":{"name":"content","arguments":"{\"a\":1}"}})") == 9);
  CHECK(text_bytes(R"({ "content" : "spaced" , "text" : 5, "input":["listed"]})") == 6);
}

TEST_CASE("text_bytes: JSON that is cut off counts as far as it goes; what is none counts nothing") {
  const std::string_view whole = R"({"content":"a \" b","text":"\\","text":"end"})";
  CHECK(text_bytes(whole) == 6 + 2 + 3);
  std::size_t last = 0;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::size_t sum = text_bytes(whole.substr(0, length));
    CHECK(sum <= 6 + 2 + 3 + 1);
    CHECK(sum + 1 >= last);
    last = sum;
  }
  CHECK(text_bytes("") == 0);
  CHECK(text_bytes("\"\\") == 0);
  CHECK(text_bytes("\"content\":\"\\") == 1);
  CHECK(text_bytes("content: text") == 0);
}

TEST_CASE("text_bytes: four bytes are a token, and a part of one is one") {
  CHECK(estimated_tokens(0) == 0);
  CHECK(estimated_tokens(1) == 1);
  CHECK(estimated_tokens(4) == 1);
  CHECK(estimated_tokens(5) == 2);
}

#include "providers/key_format.h"

#include "providers/feeding.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

std::string cleaned(std::string_view pasted) {
  const auto key = clean_key(secret(pasted));
  return key ? text_of(*key) : std::string(name(key.error()));
}

}  // namespace

TEST_CASE("key format: what comes along when a key is copied is taken off") {
  for (const char* pasted : {"sk-test-123456789",
                             "  sk-test-123456789\r\n",
                             "\tsk-test-123456789 ",
                             "\"sk-test-123456789\"",
                             "'sk-test-123456789'",
                             "`sk-test-123456789`",
                             "\xe2\x80\x9csk-test-123456789\xe2\x80\x9d",
                             "\xef\xbb\xbfsk-test-123456789",
                             "\xc2\xa0sk-test-123456789\xe2\x80\x8b",
                             "OPENAI_API_KEY=sk-test-123456789",
                             "export OPENAI_API_KEY=\"sk-test-123456789\"\n",
                             "NAME=sk-test-123456789",
                             "api_key=sk-test-123456789",
                             "HF_TOKEN='sk-test-123456789'",
                             "Bearer sk-test-123456789",
                             "bearer  sk-test-123456789",
                             "\"Bearer sk-test-123456789\"",
                             "OPENAI_API_KEY=Bearer sk-test-123456789",
                             "Authorization: Bearer sk-test-123456789",
                             "authorization:Bearer sk-test-123456789",
                             "\"Authorization\": \"Bearer sk-test-123456789\",",
                             "x-api-key: sk-test-123456789",
                             "'x-goog-api-key': 'sk-test-123456789'",
                             "\"OPENAI_API_KEY\": \"sk-test-123456789\",",
                             "apiKey: \"sk-test-123456789\",",
                             "OPENAI_API_KEY = sk-test-123456789;"}) {
    CAPTURE(pasted);
    CHECK(cleaned(pasted) == "sk-test-123456789");
  }
}

TEST_CASE("key format: a key that itself has '=' stays whole") {
  CHECK(cleaned("YWJjZGVmZ2g=") == "YWJjZGVmZ2g=");
  CHECK(cleaned("ABCDEFGHIJKLMN==") == "ABCDEFGHIJKLMN==");
  CHECK(cleaned("sk-a.b=cdefghijklmnop") == "sk-a.b=cdefghijklmnop");
  CHECK(cleaned("some-id:some-secret-1") == "some-id:some-secret-1");
  CHECK(cleaned("SOMEID:some-secret-1") == "SOMEID:some-secret-1");
}

TEST_CASE("key format: what is no key is refused") {
  for (const char* pasted : {"", "   ", "\n", "\"\"", "short", "Bearer ", "OPENAI_API_KEY=", "sk-test 123456789",
                             "sk-test\n123456789", "sk-test-123456789\nsk-test-123456789", "sk-t\xc3\xa9st-123456789",
                             "sk-test-\x01-123456789", "sk-test-\x7f-123456789", "sk\xe2\x80\x93test-123456789"}) {
    CAPTURE(pasted);
    CHECK(cleaned(pasted) == "ERR_BAD_KEY_TEXT");
  }
  CHECK(cleaned(std::string_view("sk-test-\0-123456789", 19)) == "ERR_BAD_KEY_TEXT");
}

TEST_CASE("key format: lengths are bounded, exactly") {
  CHECK(cleaned(std::string(kMinKeyBytes - 1, 'k')) == "ERR_BAD_KEY_TEXT");
  CHECK(cleaned(std::string(kMinKeyBytes, 'k')) == std::string(kMinKeyBytes, 'k'));
  CHECK(cleaned(std::string(kMaxKeyBytes, 'k')) == std::string(kMaxKeyBytes, 'k'));
  CHECK(cleaned(std::string(kMaxKeyBytes + 1, 'k')) == "ERR_BAD_KEY_TEXT");
  const std::string spaces(kMaxPastedBytes - 10, ' ');
  CHECK(cleaned(spaces + "kkkkkkkkkk") == "kkkkkkkkkk");
  CHECK(cleaned(spaces + "kkkkkkkkkkk") == "ERR_BAD_KEY_TEXT");
}

TEST_CASE("key format: the hint shows four characters of a key long enough to spare them") {
  CHECK(hint(as_bytes("sk-test-12345678")) == "5678");
  CHECK(hint(as_bytes("sk-test-1234567")).empty());
  CHECK(hint({}).empty());
}

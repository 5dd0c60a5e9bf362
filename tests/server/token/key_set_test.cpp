#include "server/token/key_set.h"

#include "token/tokens.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

std::string document(std::initializer_list<std::string_view> keys) {
  std::string text = R"({"keys":[)";
  for (const std::string_view key : keys) {
    if (text.back() != '[') text += ',';
    text += key;
  }
  return text + "]}";
}

// How many keys are usable, or the problem's name.
std::string of(std::string_view jwks, KeySource source = KeySource::file) {
  const auto set = KeySet::parse(jwks, source);
  return set ? std::to_string(set->size()) : std::string(name(set.problem()));
}

const std::string kOct = R"({"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})";
const std::string kEd25519 = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

std::string named(std::string_view kid) {
  return kEd25519.substr(0, kEd25519.size() - 1) + R"(,"kid":")" + std::string(kid) + R"("})";
}

}  // namespace

TEST_CASE("key set: keys of other kinds are left out, and one of ours has to remain") {
  const std::string p384 = R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})";
  const std::string enc = KeyPair::rsa().jwk(R"(,"use":"enc")");
  const std::string ps256 = KeyPair::rsa().jwk(R"(,"alg":"PS256")");
  const std::string short_rsa = KeyPair::rsa(1024).jwk();
  CHECK(of(document({p384, enc, ps256, short_rsa, R"({"kty":"AKP"})", kEd25519})) == "1");
  CHECK(KeySet::parse(document({p384, enc, kEd25519}), KeySource::url)->left_out() == 2);
  for (const std::string& other : {p384, enc, ps256, short_rsa}) CHECK(of(document({other})) == "no_usable_key");
  CHECK(of(document({})) == "no_usable_key");
}

TEST_CASE("key set: a private key, a broken key or something else among the keys spoils the set") {
  CHECK(of(document({kEd25519, KeyPair::p256().jwk(R"(,"d":"AAAA")")})) == "private_key");
  CHECK(of(document({kEd25519, R"({"kty":"EC","crv":"P-384","d":"AAAA"})"})) == "private_key");
  CHECK(of(document({kEd25519, R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"})) == "malformed");
  for (const char* other : {"null", "7", "[]", "{}", "\"a\""}) CHECK(of(document({kEd25519, other})) == "malformed");
}

TEST_CASE("key set: what is no such document is refused") {
  for (const char* text : {"", "{", R"({"keys":[]}x)", R"({"keys":[],"keys":[]})"}) CHECK(of(text) == "not_json");
  for (const char* text : {"[]", "{}", "null", R"({"keys":{}})", R"({"keys":null})"}) CHECK(of(text) == "malformed");
  CHECK(of(kEd25519) == "malformed");
}

TEST_CASE("key set: a secret may come from a file, and from a URL never, whatever it is for") {
  CHECK(of(document({kOct, kEd25519}), KeySource::file) == "2");
  CHECK(of(document({kOct, kEd25519}), KeySource::url) == "published_secret");
  CHECK(of(document({kEd25519, R"({"kty":"oct","use":"enc","k":"AA"})"}), KeySource::url) == "published_secret");
  CHECK(of(document({kEd25519}), KeySource::url) == "1");
}

TEST_CASE("key set: at most 64 keys in 64 KiB, exactly, usable or not") {
  for (const std::size_t count : {kMaxKeys - 1, kMaxKeys, kMaxKeys + 1}) {
    std::string text = R"({"keys":[)" + kEd25519;
    for (std::size_t i = 1; i < count; ++i) text += R"(,{"kty":"AKP"})";
    CHECK(of(text + "]}") == (count > kMaxKeys ? "too_many" : "1"));

    std::vector<VerifyKey> keys;
    for (std::size_t i = 0; i < count; ++i) keys.push_back(secret_key(kSecret, std::to_string(i)));
    CHECK(KeySet::of(std::move(keys)).ok() == (count <= kMaxKeys));
  }
  for (const std::size_t size : {kMaxKeyDocumentBytes - 1, kMaxKeyDocumentBytes, kMaxKeyDocumentBytes + 1}) {
    std::string text = document({kEd25519});
    text.append(size - text.size(), ' ');
    CHECK(of(text) == (size > kMaxKeyDocumentBytes ? "not_json" : "1"));
  }
}

TEST_CASE("key set: two keys may share an id only if their algorithms differ") {
  const KeyPair pair = KeyPair::p256();
  CHECK(of(document({named("a"), named("b")})) == "2");
  CHECK(of(document({named("a"), pair.jwk(R"(,"kid":"a")")})) == "2");
  CHECK(of(document({named("a"), named("a")})) == "ambiguous");
  CHECK(of(document({named("a"), named("b"), named("a")})) == "ambiguous");
  CHECK(of(document({kEd25519, kEd25519})) == "2");
}

TEST_CASE("key set: finds by id and algorithm, and without an id only where there is no choice") {
  const auto set =
      KeySet::parse(document({named("a"), named("b"), KeyPair::p256().jwk(R"(,"kid":"a")")}), KeySource::url);
  REQUIRE(set.ok());
  REQUIRE(set->find(Algorithm::eddsa, "b") != nullptr);
  CHECK(set->find(Algorithm::eddsa, "b")->key_id() == "b");
  CHECK(set->find(Algorithm::es256, "a")->algorithm() == Algorithm::es256);
  CHECK(set->find(Algorithm::es256, "b") == nullptr);
  CHECK(set->find(Algorithm::es256, std::nullopt) != nullptr);
  CHECK(set->find(Algorithm::eddsa, std::nullopt) == nullptr);
  CHECK(set->find(Algorithm::hs256, std::nullopt) == nullptr);
}

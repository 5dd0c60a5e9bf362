#include "server/token/key_set.h"

#include <algorithm>
#include <utility>

namespace keyhold::server {

namespace {

bool is_not_ours(KeyProblem problem) {
  return problem == KeyProblem::unsupported || problem == KeyProblem::not_for_verifying ||
         problem == KeyProblem::other_algorithm || problem == KeyProblem::wrong_size;
}

// A key that cannot be told from an earlier one by what a token says. Two without an id stay apart from each other only
// until a token comes without one, and then neither is chosen.
bool is_ambiguous(const std::vector<VerifyKey>& keys) {
  for (auto one = keys.begin(); one != keys.end(); ++one) {
    if (!one->key_id()) continue;
    const bool again = std::any_of(keys.begin(), one, [&](const VerifyKey& other) {
      return other.algorithm() == one->algorithm() && other.key_id() == one->key_id();
    });
    if (again) return true;
  }
  return false;
}

bool is_oct(JsonRef jwk) {
  const auto kty = jwk.find("kty");
  const auto text = kty ? kty->text() : Result<std::string_view>(Errc::ERR_BAD_JSON);
  return text.ok() && *text == "oct";
}

}  // namespace

Outcome<KeySet, KeyProblem> KeySet::parse(std::string_view jwks, KeySource source) {
  const auto json = Json::parse(as_bytes(jwks), {.max_bytes = kMaxKeyDocumentBytes});
  if (!json) return KeyProblem::not_json;
  const auto list = json->root().find("keys");
  if (!list || !list->is_array()) return KeyProblem::malformed;
  if (list->size() > kMaxKeys) return KeyProblem::too_many;

  std::vector<VerifyKey> keys;
  for (std::size_t place = 0; place < list->size(); ++place) {
    const JsonRef jwk = list->at(place).value();
    // Whatever it says it is for.
    if (source == KeySource::url && is_oct(jwk)) return KeyProblem::published_secret;
    auto key = VerifyKey::parse(jwk);
    if (key) {
      keys.push_back(std::move(key).take());
    } else if (!is_not_ours(key.problem())) {
      return key.problem();
    }
  }
  const std::size_t left_out = list->size() - keys.size();
  auto set = of(std::move(keys));
  if (set) set->left_out_ = left_out;
  return set;
}

Outcome<KeySet, KeyProblem> KeySet::of(std::vector<VerifyKey> keys) {
  if (keys.empty()) return KeyProblem::no_usable_key;
  if (keys.size() > kMaxKeys) return KeyProblem::too_many;
  if (is_ambiguous(keys)) return KeyProblem::ambiguous;
  return KeySet(std::move(keys), 0);
}

KeySet KeySet::of(VerifyKey key) {
  std::vector<VerifyKey> keys;
  keys.push_back(std::move(key));
  return {std::move(keys), 0};
}

const VerifyKey* KeySet::find(Algorithm algorithm, std::optional<std::string_view> key_id) const noexcept {
  const VerifyKey* found = nullptr;
  for (const VerifyKey& key : keys_) {
    if (key.algorithm() != algorithm || (key_id && key.key_id() != key_id)) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

bool KeySet::has_key_id(std::string_view key_id) const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [&](const VerifyKey& key) { return key.key_id() == key_id; });
}

bool KeySet::has_algorithm(Algorithm algorithm) const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [&](const VerifyKey& key) { return key.algorithm() == algorithm; });
}

}  // namespace keyhold::server

#include "server/keys/key_ring.h"

#include <catch2/catch.hpp>

#include "crypto/system_rng.h"

using namespace keyhold;
using namespace keyhold::server;

namespace {

class Ring {
 public:
  Ring() : copy_(SecretBytes::copy_of(master_.reveal())) {
    KeyRing::OwnKeys own;
    own.emplace("openai", SecretBytes::copy_of(as_bytes("own-openai")));
    ring_.emplace(own, MasterKey::from(SecretBytes::copy_of(copy_.reveal())).value());
  }

  void put(const KeyPlace& place, std::string_view key) {
    remove(place);
    stored_.push_back({place, seal_key(master_, place, as_bytes(key), rng_), "hint"});
  }
  void remove(const KeyPlace& place) {
    std::erase_if(stored_, [&](const StoredKey& one) { return one.place == place; });
  }
  void damage() { stored_.front().sealed = stored_.back().sealed; }
  void read(UnixMs now) {
    ring_->refresh(
        [&]() -> std::optional<std::vector<StoredKey>> {
          ++reads_;
          return there_ ? std::optional(stored_) : std::nullopt;
        },
        now);
  }
  std::string of(std::string_view provider, std::string_view organisation = "") const {
    const auto found = ring_->find(provider, organisation);
    return found.key ? std::string(as_text(found.key->reveal())) + (found.managed ? " (managed)" : "") : "(none)";
  }

  bool there_ = true;
  int reads_ = 0;
  SystemRng rng_;
  MasterKey master_ = MasterKey::make(rng_);
  SecretBytes copy_;
  std::optional<KeyRing> ring_;
  std::vector<StoredKey> stored_;
};

}  // namespace

TEST_CASE("a call is made with its organisation's key, else with the app's own, else with none") {
  Ring ring;
  ring.put({"openai", "acme"}, "acme-openai");
  ring.put({"openai", ""}, "stored-openai");
  ring.put({"gemini", ""}, "stored-gemini");
  ring.put({"gemini", "other"}, "other-gemini");
  ring.read(0);
  CHECK(ring.of("openai", "acme") == "acme-openai (managed)");
  // The environment's comes before the database's.
  CHECK(ring.of("openai") == "own-openai");
  CHECK(ring.of("openai", "other") == "own-openai");
  CHECK(ring.of("gemini", "acme") == "stored-gemini");
  CHECK(ring.of("gemini", "other") == "other-gemini (managed)");
  CHECK(ring.of("anthropic", "acme") == "(none)");
}

TEST_CASE(
    "keys are read again after their time, or at once after one was refused; those that are known outlast the "
    "database") {
  Ring ring;
  ring.put({"openai", "acme"}, "first-key");
  ring.read(0);
  ring.put({"openai", "acme"}, "second-key");
  ring.read(kKeysFreshMs - 1);
  CHECK(ring.of("openai", "acme") == "first-key (managed)");
  ring.ring_->expire();
  ring.read(kKeysFreshMs - 1);
  CHECK(ring.of("openai", "acme") == "second-key (managed)");
  ring.there_ = false;
  ring.read(3 * kKeysFreshMs);
  CHECK(ring.of("openai", "acme") == "second-key (managed)");
  ring.there_ = true;
  ring.remove({"openai", "acme"});
  ring.read(5 * kKeysFreshMs);
  CHECK(ring.of("openai", "acme") == "own-openai");
  CHECK(ring.reads_ == 4);
}

TEST_CASE("a key that does not open is no key, and is counted") {
  Ring ring;
  ring.put({"gemini", "acme"}, "gemini-key");
  ring.put({"gemini", "other"}, "other-key");
  ring.damage();
  ring.read(0);
  CHECK(ring.of("gemini", "acme") == "(none)");
  CHECK(ring.of("gemini", "other") == "other-key (managed)");
  CHECK(ring.ring_->unopened() == 1);
}

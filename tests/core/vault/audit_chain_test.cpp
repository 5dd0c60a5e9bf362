// The chain of entries alone, without a vault: every way to cut, swap or forge one, and what an entry may say.
#include "crypto/subkeys.h"
#include "vault/audit.h"
#include "vault/ways.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr std::string_view kVaultId = "VVVVVVVVVVVVVVVVVVVVVQ";

/// A chain without a vault.
struct Chain {
  TestRng rng;
  RootKey root = RootKey::make(rng);
  SubKey key = derive_subkey(root, SubKeyId::audit);
  AuditHead head;
  Rows rows;

  void append(std::int64_t count = 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      AuditEvent event(AuditAction::key_label, head.last);
      event.label = std::to_string(head.last + 1);
      Bytes bytes = seal_audit_entry(event, head, kVaultId, key, rng);
      rows.insert_or_assign(audit_row_key(head.last), std::move(bytes));
    }
  }
  AuditTrail read(const Rows& from) const { return read_audit(head, from, kVaultId, key); }
  AuditTrail read() const { return read(rows); }
  void trim(std::int64_t max) {
    for (const std::string& row : trim_audit(head, max)) REQUIRE(rows.erase(row) == 1);
  }
};

}  // namespace

TEST_CASE_METHOD(Chain, "audit: an entry dropped, altered or swapped breaks the chain there, and the others are read") {
  append(9);
  REQUIRE_FALSE(read().broken.has_value());
  for (std::int64_t seq = 1; seq <= 9; ++seq) {
    CAPTURE(seq);
    Rows changed = rows;
    changed.erase(audit_row_key(seq));
    CHECK(read(changed).broken == seq);
    CHECK(read(changed).entries.size() == 8);
    for (const std::size_t part : {std::size_t{1}, std::size_t{60}, std::size_t{300}}) {
      changed = rows;
      Bytes& bytes = changed[audit_row_key(seq)];
      bytes[bytes.size() - part] ^= 1;
      CHECK(read(changed).broken == seq);
      CHECK(read(changed).entries.size() == 8);
    }
    if (seq == 9) continue;
    changed = rows;
    std::swap(changed[audit_row_key(seq)], changed[audit_row_key(seq + 1)]);
    CHECK(read(changed).broken == seq);
    CHECK(read(changed).entries.size() == 7);
  }
}

TEST_CASE_METHOD(Chain, "audit: a tail cut off or an older one put back is noticed at its beginning") {
  append(6);
  const Rows older = rows;
  append(3);
  for (std::int64_t from = 1; from <= 9; ++from) {
    Rows cut = rows;
    for (std::int64_t seq = from; seq <= 9; ++seq) cut.erase(audit_row_key(seq));
    CHECK(read(cut).broken == from);
  }
  CHECK(read(older).broken == 7);
  CHECK(read({}).broken == 1);
}

TEST_CASE_METHOD(Chain, "audit: another history under the same key is noticed where it parts") {
  append(5);
  Chain fork;
  fork.key = derive_subkey(root, SubKeyId::audit);
  fork.head = head;
  fork.rows = rows;
  append(3);
  fork.append(3);
  // One entry of it in the place of the last: the digest that the manifest holds is another.
  Rows changed = rows;
  changed[audit_row_key(6)] = fork.rows[audit_row_key(6)];
  CHECK(read(changed).broken == 7);
  // All of it: only the head tells.
  CHECK(read(fork.rows).broken == 8);
  // Appended behind the end: not part of the trail.
  changed = rows;
  fork.append();
  changed[audit_row_key(9)] = fork.rows[audit_row_key(9)];
  CHECK_FALSE(read(changed).broken.has_value());
  CHECK(read(changed).entries.size() == 8);
}

TEST_CASE_METHOD(Chain,
                 "audit: an entry replayed under another number, of another vault or another purpose is refused") {
  append(5);
  Rows changed = rows;
  changed[audit_row_key(4)] = rows[audit_row_key(2)];
  CHECK(read(changed).broken == 4);
  changed = rows;
  AuditHead other_head = head;
  other_head.last = 3;
  changed[audit_row_key(4)] =
      seal_audit_entry({AuditAction::create, 1}, other_head, "AAAAAAAAAAAAAAAAAAAAAA", key, rng);
  CHECK(read(changed).broken == 4);
  changed[audit_row_key(4)] = Bytes(3, 7);
  CHECK(read(changed).broken == 4);
  Header header{.purpose = Purpose::ledger, .vault = std::string(kVaultId), .id = "000000000004"};
  header.rev = 4;
  changed[audit_row_key(4)] = seal_envelope(header, Body{"{}", {}}, key.reveal(), rng);
  CHECK(read(changed).broken == 4);
  // Chained and numbered as it should be, but sealed with another key.
  changed = rows;
  AuditHead forged{.first = 1, .last = 4, .before = {}, .head = digest_of(rows[audit_row_key(4)]), .steps = {}};
  const SubKey wrong = derive_subkey(root, SubKeyId::ledger);
  changed[audit_row_key(5)] = seal_audit_entry({AuditAction::create, 1}, forged, kVaultId, wrong, rng);
  CHECK(read(changed).broken == 5);
}

TEST_CASE_METHOD(Chain, "audit: an entry means the same however its JSON is written, up to every bound and beyond") {
  const auto read_info = [&](const std::string& info) {
    Header header{.purpose = Purpose::audit, .vault = std::string(kVaultId), .id = "000000000001"};
    header.audit = AuditFields{};
    const Bytes bytes = seal_envelope(header, Body{info, {}}, key.reveal(), rng);
    return open_audit_entry(*parse_envelope(bytes), key);
  };
  const auto entry = [](std::size_t code, std::size_t label, const std::string& count) {
    return R"("at":7,"action":"use","code":")" + std::string(code, 'c') + R"(","label":")" + std::string(label, 'l') +
           R"(","count":)" + count + "}";
  };
  struct Case {
    std::string members;
    bool reads;
  };
  const Case cases[] = {
      {entry(63, 511, "0"), true},
      {entry(64, 512, "999999999999999"), true},
      {entry(64, 512, "1000000000000000"), true},
      {entry(64, 512, "9007199254740992"), true},
      {entry(64, 512, "9007199254740993"), false},
      {entry(65, 512, "1"), false},
      {entry(64, 513, "1"), false},
      {entry(64, 512, "01"), false},
      {entry(64, 512, "1.5"), false},
      {entry(64, 512, "-1"), false},
      {R"("at":7,"action":"use","code":"ok","code":"ok"})", false},
      {R"("at":7,"action":"use","code":"ok","other":"ok"})", false},
      {R"("at":7,"action":"unknown","code":"ok"})", false},
      {R"("at":7,"action":"use"})", false},
  };
  for (const auto& [members, reads] : cases) {
    CAPTURE(members);
    // As we write it, and in a way that only the parser takes.
    const auto plain = read_info("{" + members);
    const auto spaced = read_info("{ " + members);
    CHECK(plain.ok() == reads);
    CHECK(spaced.ok() == reads);
    if (!plain.ok() || !spaced.ok()) continue;
    CHECK(plain->code == spaced->code);
    CHECK(plain->label == spaced->label);
    CHECK(plain->count == spaced->count);
  }
}

TEST_CASE_METHOD(Chain, "audit: trimming at the bound drops a whole step, and the chain still verifies") {
  append(kAuditStep + 5);
  trim(kAuditStep + 5);
  CHECK(head.first == 1);
  append();
  const Rows all = rows;
  trim(kAuditStep + 5);
  CHECK(head.first == kAuditStep + 1);
  CHECK(rows.size() == 6);
  CHECK_FALSE(read().broken.has_value());
  CHECK(read().first == kAuditStep + 1);
  // The dropped ones put back are not part of it; the first that was kept is checked against the step.
  CHECK(read(all).entries.size() == 6);
  Rows changed = rows;
  changed.erase(audit_row_key(kAuditStep + 1));
  CHECK(read(changed).broken == kAuditStep + 1);
  CHECK(trim_audit(head, kAuditStep).empty());
  append(2 * kAuditStep);
  trim(kAuditStep);
  CHECK(head.first == 3 * kAuditStep + 1);
  CHECK(head.last == 3 * kAuditStep + 6);
  CHECK_FALSE(read().broken.has_value());
}

TEST_CASE_METHOD(Chain, "audit: trimmed down to nothing it goes on from the last step") {
  append(kAuditStep);
  trim(kAuditStep - 1);
  CHECK(rows.empty());
  CHECK_FALSE(read().broken.has_value());
  append(2);
  CHECK_FALSE(read().broken.has_value());
  CHECK(read().entries.size() == 2);
}

#include "vault/slot.h"

namespace keyhold {

Bytes seal_slot(std::string_view id, std::int64_t rev, std::string_view vault, const SlotFields& fields,
                const SlotKey& slot_key, const RootKey& root, Rng& rng) {
  Header header{.purpose = Purpose::slot, .vault = std::string(vault), .id = std::string(id)};
  header.rev = rev;
  header.slot = fields;
  // REVEAL: wrapping the root key is what a slot is.
  const Body body{"{}", SecretBytes::copy_of(root.reveal())};
  return seal_envelope(header, body, slot_key.reveal(), rng);
}

Result<RootKey> open_slot(const Envelope& envelope, const SlotKey& slot_key) {
  // REVEAL: the slot key opens its slot.
  auto body = open_envelope(envelope, slot_key.reveal());
  if (!body) return body.error() == Errc::ERR_TAMPERED ? Errc::ERR_CANNOT_UNLOCK : body.error();
  if (body->info != "{}") return Errc::ERR_BAD_FORMAT;
  auto root = RootKey::from(std::move(body->secret));
  if (!root) return Errc::ERR_BAD_FORMAT;
  return root;
}

}  // namespace keyhold

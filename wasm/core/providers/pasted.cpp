#include "providers/pasted.h"

#include <string>

#include "providers/key_format.h"
#include "providers/key_owner.h"

namespace keyhold {

namespace {

bool is_address(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://") || text.starts_with("www.");
}

bool is_mail(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && text.find('.', at) != std::string_view::npos;
}

Pasted::Kind kind_of_no_key(std::string_view text) {
  if (text.empty()) return Pasted::Kind::nothing;
  if (text.find_first_of(" \t\n\r") != std::string_view::npos) return Pasted::Kind::words;
  return text.size() < kMinKeyBytes ? Pasted::Kind::brief : Pasted::Kind::odd;
}

ProviderRef better_than(const Provider* chosen, const Catalogue& catalogue, const KeyText& found) {
  // The user's own endpoint takes any key there is.
  if (chosen != nullptr && chosen->kind == ProviderKind::custom) return nullptr;
  ProviderRef owner = owner_by_beginning(catalogue, found.key);
  if (!owner && !found.name.empty()) owner = owner_by_name(catalogue, found.name);
  if (!owner || chosen == nullptr) return owner;
  if (owner->id == chosen->id) return nullptr;
  const std::size_t fits = beginning_of(*chosen, found.key);
  return fits == 0 || fits < beginning_of(*owner, found.key) ? owner : nullptr;
}

}  // namespace

std::string_view name(Pasted::Kind kind) noexcept {
  constexpr std::string_view kNames[] = {"nothing", "key", "address", "mail", "words", "brief", "odd"};
  return kNames[static_cast<std::size_t>(kind)];
}

Pasted look_at(const Catalogue& catalogue, const Provider* chosen, const SecretBytes& text) {
  // REVEAL: to see what it looks like. Nothing of it is kept.
  const KeyText found = find_key(text.reveal());
  if (is_address(found.key)) return {Pasted::Kind::address, nullptr, false};
  if (!is_key(found.key)) return {kind_of_no_key(found.key), nullptr, false};
  if (is_mail(found.key)) return {Pasted::Kind::mail, nullptr, false};
  Pasted pasted{Pasted::Kind::key, better_than(chosen, catalogue, found), is_admin_key(found.key)};
  const bool known = pasted.better || pasted.admin || (chosen != nullptr && chosen->kind != ProviderKind::catalogue) ||
                     (chosen != nullptr && beginning_of(*chosen, found.key) > 0);
  if (!known && found.key.size() < kUsualKeyBytes) pasted.kind = Pasted::Kind::brief;
  return pasted;
}

}  // namespace keyhold

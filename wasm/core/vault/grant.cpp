#include "vault/grant.h"

#include "vault/read_fields.h"

namespace keyhold {

namespace {

struct ListField {
  std::string_view name;
  std::vector<std::string> GrantTerms::*member;
  std::size_t max_items;
  std::size_t max_bytes;
};
constexpr ListField kLists[] = {
    {"providers", &GrantTerms::providers, kMaxGrantProviders, 64},
    {"models", &GrantTerms::models, kMaxGrantModels, kMaxGrantModelBytes},
    {"scopes", &GrantTerms::scopes, kMaxGrantScopes, 16},
};

}  // namespace

JsonOut encode_grant(const Grant& grant) {
  JsonOut out = JsonOut::object();
  out.set("id", grant.id).set("origin", grant.origin).set("granted", grant.granted_at);
  for (const ListField& list : kLists) {
    JsonOut array = JsonOut::array();
    for (const std::string& text : grant.terms.*list.member) array.push(text);
    out.set(list.name, array);
  }
  out.set("caps", encode_caps(grant.terms.caps));
  if (grant.terms.expires_at) out.set("expires", *grant.terms.expires_at);
  return out;
}

Result<Grant> parse_grant(JsonRef object) {
  KEYHOLD_CHECK(object.only({"id", "origin", "granted", "providers", "models", "scopes", "caps", "expires"}));
  Grant grant;
  KEYHOLD_TRY(grant.id, read_text(object, "id", 64));
  KEYHOLD_TRY(grant.origin, read_text(object, "origin", kMaxOriginBytes));
  KEYHOLD_TRY(grant.granted_at, read_count(object, "granted"));
  for (const ListField& list : kLists) {
    KEYHOLD_TRY(const JsonRef array, object.field(list.name));
    if (!array.is_array() || array.size() > list.max_items) return Errc::ERR_BAD_FORMAT;
    KEYHOLD_CHECK(array.each([&](JsonRef item) -> Result<void> {
      KEYHOLD_TRY(const std::string_view text, item.text(list.max_bytes));
      (grant.terms.*list.member).emplace_back(text);
      return {};
    }));
  }
  KEYHOLD_TRY(const JsonRef caps, object.field("caps"));
  KEYHOLD_TRY(grant.terms.caps, parse_caps(caps));
  if (object.find("expires")) {
    KEYHOLD_TRY(grant.terms.expires_at, read_count(object, "expires"));
  }
  return grant;
}

}  // namespace keyhold

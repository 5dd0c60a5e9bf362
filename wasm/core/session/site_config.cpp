#include "session/site_config.h"

namespace keyhold {

Result<SiteConfig> parse_site_config(JsonRef object) {
  KEYHOLD_CHECK(object.only({"providers", "demo", "customEndpoints", "logins"}));
  SiteConfig site;
  if (const auto demo = object.find("demo")) {
    KEYHOLD_CHECK(demo->only({"provider", "key"}));
    KEYHOLD_TRY(const JsonRef provider, demo->field("provider"));
    KEYHOLD_TRY(const std::string_view provider_text, provider.text(64));
    KEYHOLD_TRY(const JsonRef key, demo->field("key"));
    KEYHOLD_TRY(const std::string_view key_text, key.text(128));
    site.demo = SiteConfig::Demo{std::string(provider_text), std::string(key_text)};
  }
  if (const auto custom = object.find("customEndpoints")) {
    KEYHOLD_TRY(site.custom_endpoints, custom->boolean());
  }
  if (const auto logins = object.find("logins")) {
    if (logins->size() > Catalogue::kMaxProviders) return Errc::ERR_BAD_JSON;
    KEYHOLD_CHECK(logins->each_member([&](std::string_view provider, JsonRef login) -> Result<void> {
      KEYHOLD_CHECK(login.only({"clientId"}));
      KEYHOLD_TRY(const JsonRef client, login.field("clientId"));
      KEYHOLD_TRY(const std::string_view text, client.text(kMaxClientId));
      if (text.empty()) return Errc::ERR_BAD_JSON;
      site.clients.emplace_back(provider, text);
      return {};
    }));
  }
  return site;
}

}  // namespace keyhold

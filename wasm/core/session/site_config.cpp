#include "session/site_config.h"

namespace keyhold {

Result<SiteConfig> parse_site_config(JsonRef object) {
  // The last two are for whoever serves the site: web/hosting/headers.mjs.
  KEYHOLD_CHECK(
      object.only({"providers", "demo", "customEndpoints", "logins", "server", "embedders", "policyInPages"}));
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
    // Read by those who log in (session_login.cpp).
    if (!logins->is_object()) return Errc::ERR_BAD_JSON;
    site.logins = logins->dump();
  }
  if (const auto server = object.find("server")) {
    // Read by those who call by it (session_app.cpp).
    if (!server->is_object()) return Errc::ERR_BAD_JSON;
    site.server = server->dump();
  }
  return site;
}

}  // namespace keyhold

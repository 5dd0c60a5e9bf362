#include "session/site_config.h"

namespace keyhold {

Result<SiteConfig> parse_site_config(JsonRef object) {
  KEYHOLD_CHECK(object.only({"providers", "demo", "customEndpoints"}));
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
  return site;
}

}  // namespace keyhold

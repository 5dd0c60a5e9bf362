#include "vault/settings.h"

#include "base/json.h"

namespace keyhold {

namespace {

Result<CustomEndpoint> parse_custom_endpoint(JsonRef object) {
  KEYHOLD_CHECK(object.only({"id", "name", "base"}));
  CustomEndpoint endpoint;
  for (const auto& [key, into, max] : {std::tuple{"id", &endpoint.id, std::size_t{64}},
                                       {"name", &endpoint.name, kMaxEndpointNameBytes},
                                       {"base", &endpoint.base, std::size_t{512}}}) {
    KEYHOLD_TRY(const JsonRef field, object.field(key));
    KEYHOLD_TRY(const std::string_view text, field.text(max));
    *into = text;
  }
  return endpoint;
}

}  // namespace

Bytes seal_settings(const Settings& settings, std::string_view vault, const SubKey& key, Rng& rng) {
  JsonOut defaults = JsonOut::object();
  for (const auto& [provider, record] : settings.defaults) defaults.set(provider, record);
  JsonOut endpoints = JsonOut::array();
  for (const CustomEndpoint& endpoint : settings.endpoints) {
    JsonOut out = JsonOut::object();
    out.set("id", endpoint.id).set("name", endpoint.name).set("base", endpoint.base);
    endpoints.push(out);
  }
  JsonOut info = JsonOut::object();
  info.set("defaults", defaults).set("endpoints", endpoints);
  Header header{.purpose = Purpose::settings, .vault = std::string(vault), .id = "settings"};
  header.rev = settings.rev;
  // REVEAL: the subkey seals.
  return seal_envelope(header, Body{info.dump(), {}}, key.reveal(), rng);
}

Result<Settings> open_settings(const Envelope& envelope, const SubKey& key) {
  // REVEAL: the subkey opens.
  KEYHOLD_TRY(const Body body, open_envelope(envelope, key.reveal()));
  KEYHOLD_TRY(const Json info, Json::parse(as_bytes(body.info)));
  KEYHOLD_CHECK(info.root().only({"defaults", "endpoints"}));
  Settings settings;
  settings.rev = envelope.header.rev;
  KEYHOLD_TRY(const JsonRef defaults, info.root().field("defaults"));
  KEYHOLD_CHECK(defaults.each_member([&](std::string_view provider, JsonRef id) -> Result<void> {
    KEYHOLD_TRY(const std::string_view text, id.text(64));
    settings.defaults.emplace(provider, text);
    return {};
  }));
  KEYHOLD_TRY(const JsonRef endpoints, info.root().field("endpoints"));
  if (endpoints.size() > kMaxCustomEndpoints) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_CHECK(endpoints.each([&](JsonRef object) -> Result<void> {
    KEYHOLD_TRY(CustomEndpoint endpoint, parse_custom_endpoint(object));
    settings.endpoints.push_back(std::move(endpoint));
    return {};
  }));
  return settings;
}

}  // namespace keyhold

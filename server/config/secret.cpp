// secret: how a secret comes from the environment into the configuration.
#include "server/config/sections.h"

namespace keyhold::server {

namespace {

constexpr std::size_t kMaxVariable = 100;

}  // namespace

SecretBytes secret_of(const ConfigSources& sources, const Fields& of, std::string_view name) {
  const std::string variable = of.text(name, kMaxVariable);
  if (variable.empty()) return {};
  auto value = sources.environment(variable);
  if (!value || value->empty() || value->size() > kMaxSecret) {
    of.fault(name, "the environment has no such variable, or an empty one");
    return {};
  }
  SecretBytes secret = SecretBytes::copy_of(as_bytes(*value));
  wipe({reinterpret_cast<std::uint8_t*>(value->data()), value->size()});
  return secret;
}

}  // namespace keyhold::server

// secret_input: reads a secret that an operator enters, where nobody sees it: never from the command's own line, which every process of the
// machine can read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace keyhold::server {

/// The first line of standard input, without its end. At a terminal it is asked for, and not shown. Nothing if there is none, or if
/// it is longer than `max` bytes. The caller wipes it.
std::optional<std::string> read_secret(std::string_view question, std::size_t max);

}  // namespace keyhold::server

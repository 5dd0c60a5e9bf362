// path_template: does a path have the form of one that may be called?
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace keyhold {

/// `path` against a template such as "models/{model}:generateContent" or "files/{id}". A placeholder stands for one or
/// more characters up to what follows it in the template, never for '/' or '%', {id} not for ':' either. All else is
/// compared as it stands.
/// @return what the first {model} stood for ("" if the template has none), or nothing if the path is another one.
std::optional<std::string> match_path(std::string_view path_template, std::string_view path);

/// Only characters that stand for themselves, complete placeholders with something fixed after each but the last,
/// no '/' at the beginning.
bool is_path_template(std::string_view text);

}  // namespace keyhold

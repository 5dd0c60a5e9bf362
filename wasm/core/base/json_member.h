// json_member: one member of a JSON object, found without making a copy of anything: for documents with a secret in them,
// of which json.h would leave copies behind.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace keyhold {

/// The value of the outermost object's member, as it is written; nothing if there is no such member. Lives as long as
/// `document` does. ERR_BAD_JSON unless the whole document is one strict JSON object, at most kJsonMaxDepth deep, that has
/// the member once and no outermost name written with escapes. UTF-8 is not looked at.
Result<std::optional<std::string_view>> json_member(std::string_view document, std::string_view name);

/// The text that `written` stands for. ERR_BAD_JSON if it is no string, or has an escape of anything beyond ASCII.
Result<SecretBytes> json_secret_text(std::string_view written);

}  // namespace keyhold

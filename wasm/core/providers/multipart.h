// multipart: is a body the multipart/form-data that its content type says it is? Looks at its two ends only: files pass
// unread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace keyhold {

/// Of a boundary (RFC 2046, 5.1.1).
inline constexpr std::size_t kMaxBoundary = 70;

/// "multipart/form-data", with or without anything behind it.
bool is_form_type(std::string_view content_type);

/// The boundary in "multipart/form-data; boundary=…", its one parameter, quoted or not. Nothing for any other text, and
/// for a boundary that RFC 2046 does not allow.
std::optional<std::string> form_boundary(std::string_view content_type);

/// `begin` and `end` are the first and last bytes of the body (all of it, if it is short): it begins with the boundary's
/// first line and ends with its last. An empty form is its last line alone.
bool is_form(std::string_view boundary, ByteView begin, ByteView end);

}  // namespace keyhold

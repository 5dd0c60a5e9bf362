// openapi: the document that describes every route (OpenAPI 3.1), as server/openapi.json has it: it is put in when the server is
// built, and the tests hold every answer against it.
#pragma once

#include <string_view>

namespace keyhold::server {

/// JSON.
std::string_view openapi_document() noexcept;

}  // namespace keyhold::server

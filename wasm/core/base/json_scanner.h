// json_scanner: takes JSON text (RFC 8259) apart, strictly. Does not know what is made of the pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keyhold {

/// What the text consists of, in its order. Returning false ends the scan.
class JsonPieces {
 public:
  virtual ~JsonPieces() = default;
  virtual bool null() = 0;
  virtual bool boolean(bool value) = 0;
  /// Numbers without fraction and exponent, as far as 64 bits reach; every other one is real.
  virtual bool integer(std::int64_t value) = 0;
  virtual bool natural(std::uint64_t value) = 0;
  virtual bool real(double value) = 0;
  virtual bool text(std::string value) = 0;
  virtual bool begin_object() = 0;
  virtual bool name(std::string member) = 0;
  virtual bool begin_array() = 0;
  virtual bool end() = 0;
};

/// Is this one JSON value and nothing else, nested at most `max_depth` deep, in well-formed UTF-8 and without a byte order
/// mark? Numbers that no double can hold are refused. The pieces come before the answer: discard them if it is no.
bool scan_json(std::string_view text, std::size_t max_depth, JsonPieces& pieces);

}  // namespace keyhold

# Turns providers.json into a C++ array: without what is only told to a person (the page's build takes that) and without
# the white space between tokens.
# cmake -DINPUT=providers.json -DOUTPUT=catalogue_json.cpp -P embed.cmake
file(READ ${INPUT} json)
string(JSON providers LENGTH "${json}" providers)
string(JSON json REMOVE "${json}" "$schema")
math(EXPR last "${providers} - 1")
foreach(index RANGE ${last})
  foreach(member steps console_url docs_url suggested_model browser_note)
    string(JSON type ERROR_VARIABLE absent TYPE "${json}" providers ${index} ${member})
    if(NOT absent)
      string(JSON json REMOVE "${json}" providers ${index} ${member})
    endif()
  endforeach()
endforeach()

# From here as hexadecimal text: CMake's own strings would trip over brackets and semicolons.
string(HEX "${json}" hex)
string(REGEX MATCHALL ".." bytes "${hex}")

set(out "")
set(size 0)
set(in_string FALSE)
set(escaped FALSE)
foreach(byte IN LISTS bytes)
  if(in_string)
    if(escaped)
      set(escaped FALSE)
    elseif(byte STREQUAL "5c")  # backslash
      set(escaped TRUE)
    elseif(byte STREQUAL "22")  # quote
      set(in_string FALSE)
    endif()
  elseif(byte STREQUAL "22")
    set(in_string TRUE)
  elseif(byte MATCHES "^(20|09|0a|0d)$")
    continue()
  endif()
  string(APPEND out "0x${byte},")
  math(EXPR size "${size} + 1")
  math(EXPR column "${size} % 24")
  if(column EQUAL 0)
    string(APPEND out "\n")
  endif()
endforeach()

file(WRITE ${OUTPUT} "// Made from providers.json by embed.cmake.
namespace keyhold {
extern const unsigned char kCatalogueJson[];
extern const unsigned long kCatalogueJsonSize;
const unsigned char kCatalogueJson[] = {
${out}
};
const unsigned long kCatalogueJsonSize = ${size};
}  // namespace keyhold
")

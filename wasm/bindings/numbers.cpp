// numbers: how text becomes a number and back for nlohmann/json, in place of libc's. Emscripten's libc computes both in
// 128-bit software floating point, which is a twelfth of the module; the JavaScript engine reads decimals exactly, and
// the library's own formatter writes them. The linker puts these in the place of strtod and snprintf (--wrap).
#include <cstdarg>
#include <cstdlib>
#include <cstring>

extern "C" {

// In numbers.js. The text is a JSON number already: the lexer has checked each character.
double keyhold_parse_number(const char* text);

double __wrap_strtod(const char* text, char** end) {
  if (end != nullptr) *end = const_cast<char*>(text) + std::strlen(text);
  return keyhold_parse_number(text);
}

/// Only for what nlohmann/json asks of it: four hexadecimal digits ("\\u%04x", "<U+%.4X>").
int __wrap_snprintf(char* out, std::size_t size, const char* format, ...) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::va_list arguments;
  va_start(arguments, format);
  std::size_t length = 0;
  const auto put = [&](char c) {
    if (length + 1 < size) out[length] = c;
    ++length;
  };
  for (const char* at = format; *at != '\0'; ++at) {
    if (*at != '%') {
      put(*at);
      continue;
    }
    while (*at != 'x' && *at != 'X') {
      if (*at == '\0') __builtin_trap();  // a format that was never seen here
      ++at;
    }
    const auto value = va_arg(arguments, unsigned);
    for (int shift = 12; shift >= 0; shift -= 4) put(kDigits[value >> shift & 15]);
  }
  va_end(arguments);
  if (size > 0) out[length < size ? length : size - 1] = '\0';
  return static_cast<int>(length);
}

}  // extern "C"

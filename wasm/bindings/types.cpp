// types: which types cross between the engine and JavaScript. In the place of the list in Embind's own library, which names
// all there are and makes views of each; glue.js has the JavaScript half.
#include <emscripten/bind.h>
#include <emscripten/wire.h>

#include <limits>
#include <string>

namespace keyhold::bindings {

namespace {

using namespace emscripten::internal;

template <class Integer>
void register_integer(const char* name) {
  // Only whether it can be negative is looked at.
  const long least = std::numeric_limits<Integer>::is_signed ? -1 : 0;
  _embind_register_integer(TypeID<Integer>::get(), name, sizeof(Integer), least, 1);
}

}  // namespace

EMSCRIPTEN_BINDINGS(types) {
  _embind_register_void(TypeID<void>::get(), "void");
  _embind_register_bool(TypeID<bool>::get(), "bool", sizeof(bool), true, false);
  register_integer<int>("int");
  register_integer<unsigned>("unsigned");
  register_integer<long>("long");
  register_integer<unsigned long>("unsigned long");
  _embind_register_float(TypeID<double>::get(), "double", sizeof(double));
  _embind_register_std_string(TypeID<std::string>::get(), "string");
  _embind_register_emval(TypeID<emscripten::val>::get(), "val");
  _embind_register_memory_view(TypeID<emscripten::memory_view<unsigned char>>::get(), 0, "bytes");
}

}  // namespace keyhold::bindings

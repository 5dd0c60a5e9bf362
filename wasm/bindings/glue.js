// glue: what of Embind's glue the engine does without. An Emscripten library that stands in for Embind's own entries.
mergeInto(LibraryManager.library, {
  // No wide strings cross, so their two decoders and two encoders stay out.
  _embind_register_std_wstring: function () {},
  _embind_register_std_wstring__deps: [],
  _embind_register_bigint: function () {},
  _embind_register_bigint__deps: [],
})

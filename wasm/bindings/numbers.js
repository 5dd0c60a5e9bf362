// numbers: the JavaScript half. An Emscripten library, linked into the engine's glue.
mergeInto(LibraryManager.library, {
  keyhold_parse_number: function (text) {
    return Number(UTF8ToString(text))
  },
})

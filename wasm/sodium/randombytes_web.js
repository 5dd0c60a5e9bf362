// randombytes_web: the JavaScript half. An Emscripten library, linked into the engine's glue.
mergeInto(LibraryManager.library, {
  // Taken once, when the module is made: a later change of `crypto` changes nothing here.
  $keyholdGetRandomValues: 'globalThis.crypto.getRandomValues.bind(globalThis.crypto)',
  keyhold_random_fill__deps: ['$keyholdGetRandomValues'],
  keyhold_random_fill: function (at, size) {
    // getRandomValues gives at most 65,536 bytes a call.
    for (var done = 0; done < size; done += 65536) {
      keyholdGetRandomValues(HEAPU8.subarray(at + done, at + Math.min(done + 65536, size)))
    }
  },
})

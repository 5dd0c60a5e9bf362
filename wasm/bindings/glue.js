// glue: what of Embind's glue the engine does without, and what it needs less of. An Emscripten library whose entries
// stand in for Embind's own; both workers carry the glue.
mergeInto(LibraryManager.library, {
  // No wide strings cross, so their two decoders and two encoders stay out.
  _embind_register_std_wstring: function () {},
  _embind_register_std_wstring__deps: [],
  _embind_register_bigint: function () {},
  _embind_register_bigint__deps: [],

  // One function, of one signature, never overloaded. Its types may be registered after it: they are looked up when it is
  // called.
  _embind_register_function: function (name, count, types, signature, invoker, fn) {
    Module[readLatin1String(name)] = function () {
      const known = __emval_lookupTypes(count, types)
      const destructors = []
      const wired = [fn]
      for (let i = 1; i < count; ++i) wired.push(known[i]['toWireType'](destructors, arguments[i - 1]))
      const answer = wasmTable.get(invoker).apply(null, wired)
      runDestructors(destructors)
      return known[0]['fromWireType'](answer)
    }
  },
  _embind_register_function__deps: ['$readLatin1String', '_emval_lookupTypes', '$runDestructors'],

  $textEncoder: 'new TextEncoder()',
  // Text is UTF-8 and nothing else is called a string.
  _embind_register_std_string: function (type, name) {
    registerType(type, {
      name: readLatin1String(name),
      fromWireType: function (at) {
        const begin = at + 4
        const text = UTF8Decoder.decode(HEAPU8.subarray(begin, begin + HEAPU32[at >> 2]))
        _free(at)
        return text
      },
      toWireType: function (destructors, text) {
        if (typeof text !== 'string') throwBindingError('not a string')
        const bytes = textEncoder.encode(text)
        const at = _malloc(5 + bytes.length)
        HEAPU32[at >> 2] = bytes.length
        HEAPU8.set(bytes, at + 4)
        HEAPU8[at + 4 + bytes.length] = 0
        if (destructors !== null) destructors.push(_free, at)
        return at
      },
      argPackAdvance: 8,
      readValueFromPointer: simpleReadValueFromPointer,
      destructorFunction: _free,
    })
  },
  _embind_register_std_string__deps: [
    '$textEncoder',
    '$registerType',
    '$readLatin1String',
    '$simpleReadValueFromPointer',
    '$throwBindingError',
    'malloc',
    'free',
  ],

  // Names in the module are ASCII.
  $readLatin1String: function (at) {
    return UTF8ToString(at)
  },
  $readLatin1String__deps: [],
  // Its errors are never told apart.
  $extendError: function (base) {
    return base
  },
  $extendError__deps: [],
  // For Embind's own tests.
  $init_emval: function () {},
  $init_emval__deps: [],
  $init_emval__postset: '',
  $emval_get_global: function () {
    return globalThis
  },
  $emval_get_global__deps: [],
})

// glue: what of Embind's glue the engine does without, and what it needs less of. An Emscripten library whose entries
// stand in for Embind's own; both workers carry the glue.
mergeInto(LibraryManager.library, {
  // Types are those of types.cpp, each once, and all of them before anything is called.
  $registerType: function (type, known) {
    registeredTypes[type] = known
  },
  $registerType__deps: ['$registeredTypes'],
  $requireRegisteredType: function (type) {
    return registeredTypes[type]
  },
  $requireRegisteredType__deps: ['$registeredTypes'],
  $throwBindingError: function (message) {
    throw new TypeError(message)
  },
  $throwBindingError__deps: [],
  _embind_register_bool: function (type, name) {
    registerType(type, {
      name: readLatin1String(name),
      fromWireType: (value) => !!value,
      toWireType: (destructors, value) => (value ? 1 : 0),
      argPackAdvance: 8,
      readValueFromPointer: (at) => !!HEAPU8[at],
    })
  },
  _embind_register_bool__deps: ['$registerType', '$readLatin1String'],
  // Of four bytes.
  _embind_register_integer: function (type, name, size, least) {
    registerType(type, {
      name: readLatin1String(name),
      fromWireType: (value) => (least < 0 ? value : value >>> 0),
      toWireType: (destructors, value) => value,
      argPackAdvance: 8,
      readValueFromPointer: (at) => (least < 0 ? HEAP32 : HEAPU32)[at >> 2],
    })
  },
  _embind_register_integer__deps: ['$registerType', '$readLatin1String'],
  // Of eight bytes.
  _embind_register_float: function (type, name) {
    registerType(type, {
      name: readLatin1String(name),
      fromWireType: (value) => value,
      toWireType: (destructors, value) => value,
      argPackAdvance: 8,
      readValueFromPointer: (at) => HEAPF64[at >> 3],
    })
  },
  _embind_register_float__deps: ['$registerType', '$readLatin1String'],
  // Of bytes.
  _embind_register_memory_view: function (type, index, name) {
    registerType(type, {
      name: readLatin1String(name),
      argPackAdvance: 8,
      readValueFromPointer: (at) => new Uint8Array(buffer, HEAPU32[(at + 4) >> 2], HEAPU32[at >> 2]),
    })
  },
  _embind_register_memory_view__deps: ['$registerType', '$readLatin1String'],
  _emval_new: function (handle, count, types, at) {
    const given = __emval_lookupTypes(count, types).map((type) => {
      const value = type.readValueFromPointer(at)
      at += type.argPackAdvance
      return value
    })
    return Emval.toHandle(new (Emval.toValue(handle))(...given))
  },
  _emval_new__deps: ['_emval_lookupTypes', '$Emval'],

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

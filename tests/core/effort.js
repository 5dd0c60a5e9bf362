// effort: how much is asked of the tests, in WebAssembly too; Emscripten passes no environment on by itself.
Module['preRun'] = () => {
  ENV['KEYHOLD_EFFORT'] = process.env['KEYHOLD_EFFORT'] ?? 'default'
}

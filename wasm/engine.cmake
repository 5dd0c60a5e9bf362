# keyhold_engine: the core behind Embind, as engine.mjs, engine.wasm and keeping.wasm. Every flag has its reason above it.

file(GLOB_RECURSE binding_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bindings/*.cpp)
add_executable(keyhold_engine ${binding_sources})
target_link_libraries(keyhold_engine PRIVATE keyhold_core keyhold_warnings keyhold_flags)
set_target_properties(keyhold_engine PROPERTIES
  OUTPUT_NAME engine SUFFIX .mjs RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

set(engine_flags
  # Small before fast: the hot loops are libsodium's, compiled apart at -O3.
  -Oz
  # Across all sources; and no unwinding code and type names in the system libraries, either.
  -flto
  -fno-exceptions
  -fno-rtti
  # Of what may be inlined, only what makes the caller smaller; and nothing computed early in several places.
  "-Wl,-mllvm,-inline-threshold=-50,-mllvm,-enable-pre=false"
  # Numbers as bindings/numbers.cpp has them.
  "-Wl,--wrap=strtod,--wrap=snprintf"
  # Browsers with SIMD have all this needs: no second way to decode text.
  -sTEXTDECODER=2
  # The smallest allocator: no threads, few long-lived blocks.
  -sMALLOC=emmalloc
  # What Embind's half calls.
  -sEXPORTED_FUNCTIONS=_malloc,_free
  # A factory function, exported as an ES module: each call makes a fresh instance (the KDF's is thrown away).
  -sMODULARIZE=1
  -sEXPORT_ES6=1
  -sEXPORT_NAME=createEngine
  # No `import.meta.url`: the worker hands in the module's bytes and looks nothing up.
  -sUSE_ES6_IMPORT_META=0
  # No branches for other surroundings in the glue, which looks nothing up.
  -sENVIRONMENT=web
  -sSUPPORT_ERRNO=0
  # No `eval` or `new Function`: the page's policy forbids them.
  -sDYNAMIC_EXECUTION=0
  # The core does no file I/O.
  -sFILESYSTEM=0
  # The core's deepest path is bounded (JSON depth 32), and the 5 MB default would be most of the heap.
  -sTOTAL_STACK=256KB
  # Stack, static data and a small vault fit; the heap then grows as it must, and can never shrink.
  -sINITIAL_MEMORY=2MB
  -sALLOW_MEMORY_GROWTH=1
  # Room for the largest Argon2 of a foreign backup.
  -sMAXIMUM_MEMORY=2GB
  # The hooks of Module that the glue keeps: how the module is made (web/src/worker/load-engine.ts), and where it may print
  # (nowhere).
  "-sINCOMING_MODULE_JS_API=['instantiateWasm','print','printErr']"
  # No stack-overflow or assertion text in what ships.
  -sASSERTIONS=0
  # No setjmp in the core.
  -sSUPPORT_LONGJMP=0
  # The names of functions, by which split/ divides the module; it takes them out.
  --profiling-funcs)
# Classes and functions for JavaScript: Embind's half there, without the library that `--bind` would link whole, for which
# types.cpp stands in.
foreach(library embind emval)
  list(APPEND engine_flags "SHELL:--js-library ${EMSCRIPTEN_ROOT_PATH}/src/embind/${library}.js")
endforeach()
target_link_options(keyhold_engine PRIVATE ${engine_flags}
  "SHELL:--js-library ${CMAKE_CURRENT_SOURCE_DIR}/bindings/numbers.js"
  "SHELL:--js-library ${CMAKE_CURRENT_SOURCE_DIR}/bindings/glue.js")
set_property(TARGET keyhold_engine APPEND PROPERTY LINK_DEPENDS
  ${CMAKE_CURRENT_SOURCE_DIR}/bindings/numbers.js ${CMAKE_CURRENT_SOURCE_DIR}/bindings/glue.js)

# A visit needs one part of it; the other comes with the first operation of split/keeping-ops.txt.
find_program(KEYHOLD_NODE node NO_CMAKE_FIND_ROOT_PATH REQUIRED)
execute_process(COMMAND ${KEYHOLD_EM_CONFIG} BINARYEN_ROOT
                OUTPUT_VARIABLE binaryen_root OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(trim_glue ${CMAKE_CURRENT_SOURCE_DIR}/bindings/trim-glue.mjs)
set(split ${CMAKE_CURRENT_SOURCE_DIR}/split/split.mjs)
set(split_ops ${CMAKE_CURRENT_SOURCE_DIR}/split/keeping-ops.txt)
set_property(TARGET keyhold_engine APPEND PROPERTY LINK_DEPENDS ${trim_glue} ${split} ${split_ops})
add_custom_command(TARGET keyhold_engine POST_BUILD
  COMMAND ${KEYHOLD_NODE} ${trim_glue} ${PROJECT_BINARY_DIR}/engine.mjs
  COMMAND ${KEYHOLD_NODE} ${split} ${PROJECT_BINARY_DIR}/engine.wasm ${split_ops} ${binaryen_root}/bin
          ${PROJECT_BINARY_DIR}/keeping.wasm
  VERBATIM)

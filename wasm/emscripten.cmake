# The Emscripten toolchain of whatever emcc is on PATH: Debian's package or an emsdk.
find_program(KEYHOLD_EM_CONFIG em-config NO_CMAKE_FIND_ROOT_PATH)
if(NOT KEYHOLD_EM_CONFIG)
  message(FATAL_ERROR "emcc is not on PATH. Run scripts/setup, or activate an emsdk.")
endif()
execute_process(COMMAND ${KEYHOLD_EM_CONFIG} EMSCRIPTEN_ROOT
                OUTPUT_VARIABLE emscripten_root OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
include(${emscripten_root}/cmake/Modules/Platform/Emscripten.cmake)

# Debian's emcc asks Node for `acorn`, which only Debian's own Node finds unaided.
find_path(KEYHOLD_NODE_PACKAGES acorn/package.json PATHS /usr PATH_SUFFIXES share/nodejs
          NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
if(KEYHOLD_NODE_PACKAGES)
  set(launcher ${CMAKE_COMMAND} -E env NODE_PATH=${KEYHOLD_NODE_PACKAGES})
  set(CMAKE_C_LINKER_LAUNCHER ${launcher} CACHE STRING "")
  set(CMAKE_CXX_LINKER_LAUNCHER ${launcher} CACHE STRING "")
endif()

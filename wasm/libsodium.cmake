# keyhold_sodium: libsodium. The system's library natively; for WebAssembly built here from Debian's source package,
# which scripts/setup fetches and checks against sodium/source.sha256.

if(NOT EMSCRIPTEN)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
  add_library(keyhold_sodium INTERFACE)
  target_link_libraries(keyhold_sodium INTERFACE PkgConfig::SODIUM)
  return()
endif()

set(KEYHOLD_SODIUM_SOURCE ${PROJECT_SOURCE_DIR}/build/libsodium/source CACHE PATH
    "libsodium's source tree (1.0.18 with Debian's patches, or one laid out like it)")
set(sodium ${KEYHOLD_SODIUM_SOURCE}/src/libsodium)
if(NOT EXISTS ${sodium}/include/sodium.h)
  message(FATAL_ERROR "No libsodium source in ${KEYHOLD_SODIUM_SOURCE}. Run scripts/setup.")
endif()

# What libsodium's configure would write.
file(STRINGS ${KEYHOLD_SODIUM_SOURCE}/configure.ac version_line REGEX "^AC_INIT")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" VERSION "${version_line}")
file(STRINGS ${KEYHOLD_SODIUM_SOURCE}/configure.ac major_line REGEX "^SODIUM_LIBRARY_VERSION_MAJOR=")
file(STRINGS ${KEYHOLD_SODIUM_SOURCE}/configure.ac minor_line REGEX "^SODIUM_LIBRARY_VERSION_MINOR=")
string(REGEX MATCH "[0-9]+" SODIUM_LIBRARY_VERSION_MAJOR "${major_line}")
string(REGEX MATCH "[0-9]+" SODIUM_LIBRARY_VERSION_MINOR "${minor_line}")
set(SODIUM_LIBRARY_MINIMAL_DEF "")
set(sodium_include ${CMAKE_CURRENT_BINARY_DIR}/sodium/include)
file(COPY ${sodium}/include DESTINATION ${CMAKE_CURRENT_BINARY_DIR}/sodium)
configure_file(${sodium}/include/sodium/version.h.in ${sodium_include}/sodium/version.h @ONLY)

# Only what the core uses. Left out: runtime.c (CPUID), every AVX, AES-NI and sandy2x file, and all of
# Curve25519, Salsa20, scrypt and SHA-512. Of each pair of implementations there is one: SIMD for Argon2's blocks, where
# the time goes, and the small reference code for BLAKE2b and ChaCha20, which see a few kilobytes.
add_library(keyhold_sodium STATIC
  ${sodium}/crypto_aead/xchacha20poly1305/sodium/aead_xchacha20poly1305.c
  ${sodium}/crypto_aead/chacha20poly1305/sodium/aead_chacha20poly1305.c
  ${sodium}/crypto_core/hchacha20/core_hchacha20.c
  ${sodium}/crypto_generichash/crypto_generichash.c
  ${sodium}/crypto_generichash/blake2b/generichash_blake2.c
  ${sodium}/crypto_generichash/blake2b/ref/blake2b-compress-ref.c
  ${sodium}/crypto_generichash/blake2b/ref/blake2b-ref.c
  ${sodium}/crypto_generichash/blake2b/ref/generichash_blake2b.c
  ${sodium}/crypto_hash/sha256/cp/hash_sha256_cp.c
  ${sodium}/crypto_kdf/crypto_kdf.c
  ${sodium}/crypto_kdf/blake2b/kdf_blake2b.c
  ${sodium}/crypto_onetimeauth/crypto_onetimeauth.c
  ${sodium}/crypto_onetimeauth/poly1305/onetimeauth_poly1305.c
  ${sodium}/crypto_onetimeauth/poly1305/donna/poly1305_donna.c
  ${sodium}/crypto_pwhash/crypto_pwhash.c
  ${sodium}/crypto_pwhash/argon2/argon2.c
  ${sodium}/crypto_pwhash/argon2/argon2-core.c
  ${sodium}/crypto_pwhash/argon2/argon2-encoding.c
  ${sodium}/crypto_pwhash/argon2/argon2-fill-block-ssse3.c
  ${sodium}/crypto_pwhash/argon2/blake2b-long.c
  ${sodium}/crypto_pwhash/argon2/pwhash_argon2i.c
  ${sodium}/crypto_pwhash/argon2/pwhash_argon2id.c
  ${sodium}/crypto_stream/chacha20/stream_chacha20.c
  ${sodium}/crypto_stream/chacha20/ref/chacha20_ref.c
  ${sodium}/crypto_stream/xchacha20/stream_xchacha20.c
  ${sodium}/crypto_verify/sodium/verify.c
  ${sodium}/randombytes/randombytes.c
  ${sodium}/sodium/codecs.c
  ${sodium}/sodium/core.c
  ${sodium}/sodium/utils.c
  ${sodium}/sodium/version.c
  sodium/randombytes_web.c
  sodium/runtime_web.c)
target_include_directories(keyhold_sodium
  SYSTEM PUBLIC ${sodium_include} PRIVATE ${sodium_include}/sodium)
target_compile_definitions(keyhold_sodium PRIVATE
  CONFIGURED=1
  NATIVE_LITTLE_ENDIAN=1
  HAVE_C_VARARRAYS=1
  # sodium_memzero: memset, then a call and an empty asm the compiler must assume look at the bytes.
  HAVE_WEAK_SYMBOLS=1
  HAVE_INLINE_ASM=1
  # The SSE2 and SSSE3 sources, which Emscripten compiles to SIMD128.
  HAVE_EMMINTRIN_H=1
  HAVE_TMMINTRIN_H=1)
# -O3: at -Os Argon2 takes 2.3 times as long. No LTO: it loses speed here. What else there is sees a few kilobytes a
# call, and is compiled small.
target_compile_options(keyhold_sodium PRIVATE -O3 -msimd128 -mssse3 -fno-exceptions -fvisibility=hidden
                       -Wno-unused-function -Wno-unknown-pragmas)
set_source_files_properties(${sodium}/crypto_pwhash/argon2/argon2-core.c PROPERTIES COMPILE_OPTIONS
  "-Dfill_segment_ref=fill_segment_ssse3")
set(sodium_small_sources
  ${sodium}/crypto_aead/xchacha20poly1305/sodium/aead_xchacha20poly1305.c
  ${sodium}/crypto_generichash/blake2b/ref/blake2b-compress-ref.c
  ${sodium}/crypto_generichash/blake2b/ref/blake2b-ref.c
  ${sodium}/crypto_hash/sha256/cp/hash_sha256_cp.c
  ${sodium}/crypto_stream/chacha20/ref/chacha20_ref.c
  ${sodium}/crypto_stream/chacha20/stream_chacha20.c
  ${sodium}/crypto_core/hchacha20/core_hchacha20.c
  ${sodium}/crypto_onetimeauth/poly1305/donna/poly1305_donna.c
  ${sodium}/sodium/codecs.c
  ${sodium}/sodium/utils.c)
set_source_files_properties(${sodium_small_sources} PROPERTIES
  COMPILE_OPTIONS "-Oz;-sINLINING_LIMIT=0;-UHAVE_EMMINTRIN_H;-UHAVE_TMMINTRIN_H")
set_source_files_properties(${sodium}/randombytes/randombytes.c PROPERTIES COMPILE_OPTIONS
  "-U__EMSCRIPTEN__;-include;${CMAKE_CURRENT_SOURCE_DIR}/sodium/randombytes_web.h")
target_link_options(keyhold_sodium INTERFACE
  "SHELL:--js-library ${CMAKE_CURRENT_SOURCE_DIR}/sodium/randombytes_web.js")
set_property(TARGET keyhold_sodium APPEND PROPERTY INTERFACE_LINK_DEPENDS
  ${CMAKE_CURRENT_SOURCE_DIR}/sodium/randombytes_web.js)

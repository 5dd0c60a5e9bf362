// runtime_web: what libsodium asks of its machine, answered for WebAssembly.
// Replaces sodium/runtime.c, whose CPUID does not exist here: 128-bit SIMD is a fact of this build, so SSSE3 is
// reported and libsodium's dispatch picks its SSSE3 code, which Emscripten compiles to SIMD128.
#include "private/implementations.h"
#include "runtime.h"

int _sodium_runtime_get_cpu_features(void) { return 0; }

int sodium_runtime_has_sse2(void) { return 1; }
int sodium_runtime_has_sse3(void) { return 1; }
int sodium_runtime_has_ssse3(void) { return 1; }

int sodium_runtime_has_neon(void) { return 0; }
int sodium_runtime_has_sse41(void) { return 0; }
int sodium_runtime_has_avx(void) { return 0; }
int sodium_runtime_has_avx2(void) { return 0; }
int sodium_runtime_has_avx512f(void) { return 0; }
int sodium_runtime_has_pclmul(void) { return 0; }
int sodium_runtime_has_aesni(void) { return 0; }
int sodium_runtime_has_rdrand(void) { return 0; }

// sodium_init() prepares these too; this build leaves their code out.
int _crypto_scalarmult_curve25519_pick_best_implementation(void) { return 0; }
int _crypto_stream_salsa20_pick_best_implementation(void) { return 0; }

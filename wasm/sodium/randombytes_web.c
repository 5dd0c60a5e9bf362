// randombytes_web: see the header. The JavaScript half is randombytes_web.js.
#include "randombytes_web.h"

// Fills `size` bytes at `at`. Throws, and so ends the instance, if the platform cannot: never returns with less.
extern void keyhold_random_fill(void* at, size_t size);

static const char* implementation_name(void) { return "crypto.getRandomValues"; }

static uint32_t random_word(void) {
  uint32_t word;
  keyhold_random_fill(&word, sizeof word);
  return word;
}

static void fill(void* const at, const size_t size) { keyhold_random_fill(at, size); }

// A null `uniform` makes libsodium use its own unbiased loop over `random`.
struct randombytes_implementation keyhold_randombytes_web = {
    .implementation_name = implementation_name,
    .random = random_word,
    .buf = fill,
};

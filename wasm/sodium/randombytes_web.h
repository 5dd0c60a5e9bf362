/* randombytes_web: libsodium's randomness from crypto.getRandomValues. Included ahead of libsodium's randombytes.c,
 * which takes the implementation named here instead of its own Emscripten one: that reads Module.getRandomValue for
 * every byte, a function the embedding page could replace. */
#ifndef KEYHOLD_RANDOMBYTES_WEB_H
#define KEYHOLD_RANDOMBYTES_WEB_H

#include "randombytes.h"

extern struct randombytes_implementation keyhold_randombytes_web;

#define RANDOMBYTES_CUSTOM_IMPLEMENTATION
#define RANDOMBYTES_DEFAULT_IMPLEMENTATION &keyhold_randombytes_web

#endif

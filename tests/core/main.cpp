// The test runner. Alone in its file because Catch's main takes long to compile.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

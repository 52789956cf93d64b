// The native tests: the port and its backend without Node. The same sources run on every backend.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest.h>

// Keeps the prebuilt addon loadable wherever Node itself runs: libstdc++ of GCC 5, glibc 2.28
// (`npm run prebuild` checks it).
//
// GCC 11 and later make every container call a function that only their own libstdc++ has. It
// stands for an allocation larger than the address space, which cannot be answered anyway.
#include <cstdlib>

#if defined(__linux__) && defined(__GLIBCXX__)

// The library's own name for it.
// NOLINTBEGIN(bugprone-reserved-identifier)
namespace std {

[[noreturn]] void __throw_bad_array_new_length();

__attribute__((visibility("hidden"))) void __throw_bad_array_new_length() { abort(); }

}  // namespace std
// NOLINTEND(bugprone-reserved-identifier)

#endif

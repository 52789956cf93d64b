#include "binding/heap.h"

#include <cstddef>
#include <cstdlib>

namespace iocp_net {

// Freeing one block of this size (never touched, so it costs nothing) raises the threshold to twice
// the size, as in any program that has freed such a block (mallopt(3), "dynamic mmap threshold").
void KeepFreedMemory() {
#ifdef __GLIBC__
  constexpr size_t kBytes = 16 * 1024 * 1024;  // half of it was less than one collection frees
  void* volatile block = std::malloc(kBytes);  // volatile: or the compiler leaves both calls out
  std::free(block);
#endif
}

}  // namespace iocp_net

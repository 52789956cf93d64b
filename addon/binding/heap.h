// The allocator of the process, which JavaScript's large chunks come from.
#ifndef IOCP_NET_BINDING_HEAP_H_
#define IOCP_NET_BINDING_HEAP_H_

namespace iocp_net {

// Large messages are received into memory of their own, which JavaScript's collector frees in bulk.
// glibc hands the top of its heap back to the system when 128 KiB of it are free, and every page of
// the next chunks is faulted in anew: more than half of the cost of a 64 KiB message. This raises
// that threshold; those that the user has set stay as they are, and so do other allocators.
void KeepFreedMemory();

}  // namespace iocp_net

#endif  // IOCP_NET_BINDING_HEAP_H_

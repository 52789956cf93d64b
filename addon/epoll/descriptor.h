// A file descriptor with one owner.
#ifndef IOCP_NET_EPOLL_DESCRIPTOR_H_
#define IOCP_NET_EPOLL_DESCRIPTOR_H_

#include <unistd.h>

#include "port/owned.h"

namespace iocp_net {

struct DescriptorTraits {
  using Type = int;
  static Type None() { return -1; }
  static bool Valid(Type fd) { return fd >= 0; }
  // Never retried: on Linux the descriptor is gone even after EINTR.
  static void Close(Type fd) { ::close(fd); }
};
using Descriptor = Owned<DescriptorTraits>;

}  // namespace iocp_net

#endif  // IOCP_NET_EPOLL_DESCRIPTOR_H_

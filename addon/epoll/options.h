// Socket options by name and value.
#ifndef IOCP_NET_EPOLL_OPTIONS_H_
#define IOCP_NET_EPOLL_OPTIONS_H_

#include <sys/socket.h>

#include <cerrno>

#include "port/status.h"

namespace iocp_net {

inline Status SetFlag(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? kOk : -errno;
}

}  // namespace iocp_net

#endif  // IOCP_NET_EPOLL_OPTIONS_H_

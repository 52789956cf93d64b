// What is asked of a socket besides its bytes: options and addresses.
#include "epoll/options.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include <string>

#include "epoll/address.h"
#include "epoll/backend.h"

namespace iocp_net {

namespace {

Status SetPipeMode(const std::string& path, bool readable_all, bool writable_all, bool add) {
  mode_t mode = 0;
  if (add) {
#ifdef __GLIBC__
    // stat() would ask for glibc 2.33, and Node runs from 2.28 on.
    struct statx now;
    if (::statx(AT_FDCWD, path.c_str(), 0, STATX_MODE, &now) != 0) return -errno;
    mode = now.stx_mode & 07777;
#else
    struct stat now;
    if (::stat(path.c_str(), &now) != 0) return -errno;
    mode = now.st_mode & 07777;
#endif
  }
  if (readable_all) mode |= S_IRUSR | S_IRGRP | S_IROTH;
  if (writable_all) mode |= S_IWUSR | S_IWGRP | S_IWOTH;
  return ::chmod(path.c_str(), mode) == 0 ? kOk : -errno;
}

}  // namespace

Status Backend::SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t c,
                          int32_t d) {
  const int fd = endpoint.native.fd;
  switch (option) {
    case Option::kNoDelay:
      return SetFlag(fd, IPPROTO_TCP, TCP_NODELAY, a);
    case Option::kKeepAlive: {
      Status status = SetFlag(fd, SOL_SOCKET, SO_KEEPALIVE, a);
      if (status != kOk || a == 0) return status;
      if (b < 1) return UV__EINVAL;  // as libuv: on, with the system's times
      status = SetFlag(fd, IPPROTO_TCP, TCP_KEEPIDLE, b);
      if (status == kOk) status = SetFlag(fd, IPPROTO_TCP, TCP_KEEPINTVL, c > 0 ? c : 1);
      if (status == kOk) status = SetFlag(fd, IPPROTO_TCP, TCP_KEEPCNT, d > 0 ? d : 10);
      return status;
    }
    case Option::kSendBufferBytes:
      return SetFlag(fd, SOL_SOCKET, SO_SNDBUF, a);
    case Option::kReceiveBufferBytes:
      return SetFlag(fd, SOL_SOCKET, SO_RCVBUF, a);
    case Option::kTypeOfService: {
      SystemAddress local;
      local.length = sizeof(local.storage);
      if (::getsockname(fd, &local.base, &local.length) != 0) return -errno;
      return local.family() == AF_INET6 ? SetFlag(fd, IPPROTO_IPV6, IPV6_TCLASS, a)
                                        : SetFlag(fd, IPPROTO_IP, IP_TOS, a);
    }
    case Option::kPipeMode:
      if (endpoint.native.unlink_path == nullptr) return UV__EINVAL;
      return SetPipeMode(*endpoint.native.unlink_path, a != 0, b != 0, c != 0);
  }
  return UV__EINVAL;
}

Status Backend::LocalAddress(Endpoint& endpoint, Address* address) {
  SystemAddress system;
  system.length = sizeof(system.storage);
  if (::getsockname(endpoint.native.fd, &system.base, &system.length) != 0) return -errno;
  FromSystem(system, address);
  return kOk;
}

Status Backend::PeerAddress(Endpoint& endpoint, Address* address) {
  SystemAddress system;
  system.length = sizeof(system.storage);
  if (::getpeername(endpoint.native.fd, &system.base, &system.length) != 0) return -errno;
  FromSystem(system, address);
  return kOk;
}

}  // namespace iocp_net

#include "port/features.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include "epoll/descriptor.h"

namespace iocp_net {

namespace {

bool CanOpen(int family) {
  return Descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)).valid();
}

bool CanSharePorts() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  return socket.valid() &&
         ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0;
}

}  // namespace

std::vector<Feature> ProbeFeatures() {
  return {
      {"epoll", Descriptor(::epoll_create1(EPOLL_CLOEXEC)).valid()},
      {"IPv4", CanOpen(AF_INET)},
      {"IPv6", CanOpen(AF_INET6)},
      {"Unix sockets", CanOpen(AF_UNIX)},
      {"ports shared between processes (SO_REUSEPORT)", CanSharePorts()},
  };
}

}  // namespace iocp_net

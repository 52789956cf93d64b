// Between the port's addresses and Linux's.
#ifndef IOCP_NET_EPOLL_ADDRESS_H_
#define IOCP_NET_EPOLL_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "port/address.h"
#include "port/status.h"

namespace iocp_net {

struct SystemAddress {
  union {
    sockaddr base;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
    sockaddr_storage storage;
  };
  socklen_t length = 0;

  SystemAddress() : storage{} {}
  int family() const { return base.sa_family; }
};

// UV__EINVAL for text that is no address, and for a path that does not fit.
Status ToSystem(const Address& address, SystemAddress* system);
void FromSystem(const SystemAddress& system, Address* address);

}  // namespace iocp_net

#endif  // IOCP_NET_EPOLL_ADDRESS_H_

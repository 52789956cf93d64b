// Between the port's addresses and Winsock's. Names of pipes are in pipe_name.h.
#ifndef IOCP_NET_IOCP_ADDRESS_H_
#define IOCP_NET_IOCP_ADDRESS_H_

#include <winsock2.h>
//
#include <ws2tcpip.h>

#include "port/address.h"
#include "port/status.h"

namespace iocp_net {

struct SystemAddress {
  union {
    sockaddr base;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_storage storage;
  };
  int length = 0;

  SystemAddress() : storage{} {}
  int family() const { return base.sa_family; }

  static SystemAddress Any(int family);
  bool IsLoopback() const;
  // Windows refuses to connect to 0.0.0.0 and ::, Unix takes them for this machine; Node hides the
  // difference.
  void UnspecifiedToLoopback();
};

// UV__EINVAL for text that is no address.
Status ToSystem(const Address& address, SystemAddress* system);
void FromSystem(const SystemAddress& system, Address* address);

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_ADDRESS_H_

// One side of the network: a namespace of its own, whose only device is a TUN that the relay holds.
// Nothing of it has a name: the kernel removes both when the last process that uses them has ended,
// however that ends.
#ifndef IOCP_NET_TEST_NETWORK_SIDE_H_
#define IOCP_NET_TEST_NETWORK_SIDE_H_

#include <stdexcept>
#include <string>

#include "epoll/descriptor.h"

namespace iocp_net::network {

// The system does not let this process have a namespace or a TUN device.
class NotPermitted : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Side {
 public:
  // Leaves the process in the new namespace. address: IPv4, in a network of 24 bits.
  Side(const char* address, int mtu_bytes);

  int tun() const { return tun_.get(); }
  // For setns(2), by way of /proc: another process enters the namespace with it.
  std::string path() const;

 private:
  Descriptor namespace_;
  Descriptor tun_;
};

}  // namespace iocp_net::network

#endif  // IOCP_NET_TEST_NETWORK_SIDE_H_

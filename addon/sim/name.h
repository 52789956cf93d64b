// Addresses as the simulated kernel sees them: a machine with nothing but its loopback device.
#ifndef IOCP_NET_SIM_NAME_H_
#define IOCP_NET_SIM_NAME_H_

#include <string>

#include "port/address.h"

namespace iocp_net::sim {

// A name that is no file, and goes with its socket.
inline bool Abstract(const Address& address) {
  return !address.host.empty() && address.host[0] == '\0';
}

inline bool Wildcard(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

inline bool OfFamily(const Address& address) {
  return (address.host.find(':') != std::string::npos) == (address.family == 6);
}

inline bool OfThisMachine(const std::string& host) {
  return Wildcard(host) || host == "::1" || host.rfind("127.", 0) == 0 ||
         host.rfind("::ffff:127.", 0) == 0;
}

// An IPv4 address at a socket of IPv6.
inline Address Mapped(const Address& address) {
  Address mapped = address;
  mapped.family = 6;
  mapped.host = "::ffff:" + address.host;
  return mapped;
}

}  // namespace iocp_net::sim

#endif  // IOCP_NET_SIM_NAME_H_

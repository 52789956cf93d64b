#include "iocp/address.h"

#include <cstdlib>
#include <string>

namespace iocp_net {

SystemAddress SystemAddress::Any(int family) {
  SystemAddress any;
  any.base.sa_family = static_cast<decltype(any.base.sa_family)>(family);
  any.length = family == AF_INET6 ? sizeof(any.v6) : sizeof(any.v4);
  return any;
}

bool SystemAddress::IsLoopback() const {
  if (family() == AF_INET) return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

void SystemAddress::UnspecifiedToLoopback() {
  if (family() == AF_INET) {
    if (v4.sin_addr.s_addr == 0) v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else if (IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr)) {
    v6.sin6_addr.s6_addr[15] = 1;
  }
}

Status ToSystem(const Address& address, SystemAddress* system) {
  if (address.family == 4) {
    *system = SystemAddress::Any(AF_INET);
    system->v4.sin_port = htons(address.port);
    return ::inet_pton(AF_INET, address.host.c_str(), &system->v4.sin_addr) == 1 ? kOk : UV__EINVAL;
  }
  const size_t zone = address.host.find('%');
  const std::string host = address.host.substr(0, zone);
  *system = SystemAddress::Any(AF_INET6);
  system->v6.sin6_port = htons(address.port);
  if (zone != std::string::npos) {
    // A number here, as libuv takes it on Windows.
    system->v6.sin6_scope_id =
        static_cast<ULONG>(std::strtoul(address.host.c_str() + zone + 1, nullptr, 10));
  }
  return ::inet_pton(AF_INET6, host.c_str(), &system->v6.sin6_addr) == 1 ? kOk : UV__EINVAL;
}

void FromSystem(const SystemAddress& system, Address* address) {
  char text[INET6_ADDRSTRLEN] = "";
  address->kind = EndpointKind::kTcp;
  if (system.family() == AF_INET) {
    address->family = 4;
    address->port = ntohs(system.v4.sin_port);
    address->host = ::inet_ntop(AF_INET, &system.v4.sin_addr, text, sizeof(text));
    return;
  }
  address->family = 6;
  address->port = ntohs(system.v6.sin6_port);
  address->host = ::inet_ntop(AF_INET6, &system.v6.sin6_addr, text, sizeof(text));
  if (IN6_IS_ADDR_LINKLOCAL(&system.v6.sin6_addr) && system.v6.sin6_scope_id > 0) {
    address->host += '%';
    address->host += std::to_string(system.v6.sin6_scope_id);
  }
}

}  // namespace iocp_net

#include "epoll/address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <cstddef>
#include <cstring>

namespace iocp_net {

namespace {

Status ToLocal(const std::string& name, SystemAddress* system) {
  if (name.empty()) return UV__EINVAL;
  if (name.size() > sizeof(system->local.sun_path)) return UV__EINVAL;  // not cut off (libuv#4231)
  if (name[0] != '\0' && name.find('\0') != std::string::npos) return UV__EINVAL;
  system->local.sun_family = AF_UNIX;
  std::memcpy(system->local.sun_path, name.data(), name.size());
  // The length ends the name: an abstract one (leading NUL) must not have a terminator counted in,
  // a path need not.
  system->length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return kOk;
}

}  // namespace

Status ToSystem(const Address& address, SystemAddress* system) {
  if (address.kind == EndpointKind::kPipe) return ToLocal(address.host, system);
  if (address.family == 4) {
    system->v4.sin_family = AF_INET;
    system->v4.sin_port = htons(address.port);
    system->length = sizeof(system->v4);
    return inet_pton(AF_INET, address.host.c_str(), &system->v4.sin_addr) == 1 ? kOk : UV__EINVAL;
  }
  const size_t zone = address.host.find('%');
  const std::string host = address.host.substr(0, zone);
  system->v6.sin6_family = AF_INET6;
  system->v6.sin6_port = htons(address.port);
  system->length = sizeof(system->v6);
  if (zone != std::string::npos) {
    system->v6.sin6_scope_id = if_nametoindex(address.host.c_str() + zone + 1);
  }
  return inet_pton(AF_INET6, host.c_str(), &system->v6.sin6_addr) == 1 ? kOk : UV__EINVAL;
}

void FromSystem(const SystemAddress& system, Address* address) {
  char text[INET6_ADDRSTRLEN] = "";
  switch (system.family()) {
    case AF_INET:
      address->kind = EndpointKind::kTcp;
      address->family = 4;
      address->port = ntohs(system.v4.sin_port);
      address->host = inet_ntop(AF_INET, &system.v4.sin_addr, text, sizeof(text));
      return;
    case AF_INET6: {
      address->kind = EndpointKind::kTcp;
      address->family = 6;
      address->port = ntohs(system.v6.sin6_port);
      address->host = inet_ntop(AF_INET6, &system.v6.sin6_addr, text, sizeof(text));
      char interface[IF_NAMESIZE];
      if (IN6_IS_ADDR_LINKLOCAL(&system.v6.sin6_addr) && system.v6.sin6_scope_id > 0 &&
          if_indextoname(system.v6.sin6_scope_id, interface) != nullptr) {
        address->host += '%';
        address->host += interface;
      }
      return;
    }
    default: {
      address->kind = EndpointKind::kPipe;
      const size_t header = offsetof(sockaddr_un, sun_path);
      const size_t length = system.length > header ? system.length - header : 0;
      const bool abstract = length > 0 && system.local.sun_path[0] == '\0';
      address->host.assign(system.local.sun_path,
                           abstract ? length : strnlen(system.local.sun_path, length));
      return;
    }
  }
}

}  // namespace iocp_net

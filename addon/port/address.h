// A transport address without a system header: what the binding and the backends exchange.
#ifndef IOCP_NET_PORT_ADDRESS_H_
#define IOCP_NET_PORT_ADDRESS_H_

#include <cstdint>
#include <string>

#include "port/layout.h"
#include "port/status.h"

namespace iocp_net {

struct Address {
  EndpointKind kind = EndpointKind::kTcp;
  std::string
      host;  // kTcp: a numeric address, "fe80::1%eth0" included; kPipe: the path or pipe name
  uint16_t port = 0;   // kTcp
  int32_t family = 4;  // kTcp: 4 or 6
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_ADDRESS_H_

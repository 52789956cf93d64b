// What Linux keeps for an endpoint.
#ifndef IOCP_NET_EPOLL_NATIVE_ENDPOINT_H_
#define IOCP_NET_EPOLL_NATIVE_ENDPOINT_H_

#include <memory>
#include <string>

#include "port/status.h"

namespace iocp_net {

struct NativeEndpoint {
  int fd = -1;
  // A short read does not mean that nothing follows once the peer has ended (kEnd) or reset the
  // connection, or has sent urgent bytes, at which every read stops (kMore).
  Transfer::Rest after_short_read = Transfer::Rest::kNothing;
  // Other descriptors may name the same socket. The epoll set then goes on watching it when ours is
  // closed, unless it is taken out first (epoll(7)).
  bool shared = false;
  // What Available has found since the last event. Whatever came later will be an edge of its own,
  // so that a read of just as many bytes has emptied the socket.
  uint32_t available = 0;
  Status connect_error = kOk;  // a connect that failed at once; reported like one that failed later
  std::unique_ptr<std::string> unlink_path;  // a Unix listener's file, removed when it closes
};

}  // namespace iocp_net

#endif  // IOCP_NET_EPOLL_NATIVE_ENDPOINT_H_

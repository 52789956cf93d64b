// What the simulation keeps for an endpoint.
#ifndef IOCP_NET_SIM_NATIVE_ENDPOINT_H_
#define IOCP_NET_SIM_NATIVE_ENDPOINT_H_

#include <memory>
#include <string>

#include "port/layout.h"
#include "port/status.h"

namespace iocp_net {

struct NativeEndpoint {
  int fd = -1;
  // As in epoll/native_endpoint.h.
  Transfer::Rest after_short_read = Transfer::Rest::kNothing;
  bool shared = false;
  uint32_t available = 0;
  Status connect_error = kOk;
  std::unique_ptr<std::string> unlink_path;

  // Operations in flight, where the backend works as a completion port does.
  bool receive_watched = false;
  bool send_watched = false;
  bool shutting = false;
  CloseHow closing = CloseHow::kGraceful;
};

}  // namespace iocp_net

#endif  // IOCP_NET_SIM_NATIVE_ENDPOINT_H_

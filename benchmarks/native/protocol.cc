#include "protocol.h"

namespace iocp_net::bench {

std::unique_ptr<Protocol> MakeProtocol(const Options& options, size_t connection,
                                       uint64_t requests) {
  switch (options.protocol) {
    case ProtocolKind::kEcho:
    case ProtocolKind::kCounting:
      return MakeMessages(options, connection, requests);
    case ProtocolKind::kHttp1:
      return MakeHttp1(options);
    case ProtocolKind::kHttp2:
      return MakeHttp2(options);
    case ProtocolKind::kWebSocket:
      return MakeWebSocket(options, connection);
  }
  return nullptr;
}

}  // namespace iocp_net::bench

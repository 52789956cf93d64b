// What the backend can use of this very system: for `iocp-net doctor`. Nothing in the engine
// depends on it; the backend probes again what it needs.
#ifndef IOCP_NET_PORT_FEATURES_H_
#define IOCP_NET_PORT_FEATURES_H_

#include <vector>

namespace iocp_net {

struct Feature {
  const char* name;
  bool available;
};

// One of them for each backend: addon/epoll/features.cc, addon/iocp/features.cc.
std::vector<Feature> ProbeFeatures();

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_FEATURES_H_

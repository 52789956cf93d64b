#include "port/features.h"

namespace iocp_net {

std::vector<Feature> ProbeFeatures() { return {{"simulated kernel", true}}; }

}  // namespace iocp_net

// Generated from addon/port/layout.h by scripts/generate-boundary.mjs; not to be edited.
#ifndef IOCP_NET_PORT_BOUNDARY_ID_H_
#define IOCP_NET_PORT_BOUNDARY_ID_H_

#include <cstdint>

namespace iocp_net {

inline constexpr int32_t kBoundaryId = 149479527;

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_BOUNDARY_ID_H_

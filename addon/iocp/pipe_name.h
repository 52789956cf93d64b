// Names of pipes: UTF-8 outside, UTF-16 for the system.
#ifndef IOCP_NET_IOCP_PIPE_NAME_H_
#define IOCP_NET_IOCP_PIPE_NAME_H_

#include <string>

#include "port/status.h"

namespace iocp_net {

// UV__EINVAL for an empty name or one with a NUL in it, UV__ECHARSET for bytes that are no UTF-8.
Status ToPipeName(const std::string& text, std::wstring* name);

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_PIPE_NAME_H_

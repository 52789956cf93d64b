// The backend of the system that the port is compiled for, or the one for tests (IOCP_NET_SIM).
#ifndef IOCP_NET_PORT_BACKEND_H_
#define IOCP_NET_PORT_BACKEND_H_

#ifdef IOCP_NET_SIM
#include "sim/backend.h"
#elif defined(_WIN32)
#include "iocp/backend.h"
#else
#include "epoll/backend.h"
#endif
#include "port/backend_contract.h"

namespace iocp_net {

static_assert(BackendContract<Backend>, "port/backend_contract.h has what a backend must offer");

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_BACKEND_H_

// Access lists of named pipes.
#ifndef IOCP_NET_IOCP_PIPE_SECURITY_H_
#define IOCP_NET_IOCP_PIPE_SECURITY_H_

#include "iocp/handle.h"
#include "port/status.h"

namespace iocp_net {

// Adds an entry for everyone to the pipe's access list; the handle has WRITE_DAC.
Status GrantToEveryone(HANDLE pipe, bool readable, bool writable);

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_PIPE_SECURITY_H_

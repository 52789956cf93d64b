// From the three number spaces of Windows' errors to libuv's.
#ifndef IOCP_NET_IOCP_ERRORS_H_
#define IOCP_NET_IOCP_ERRORS_H_

#include <cstdint>

#include "port/layout.h"
#include "port/status.h"

namespace iocp_net {

// The same number can mean different things: a broken pipe is the end for a reader and EPIPE for a
// writer, a socket's aborted connection is a reset one for a reader.
enum class During : uint8_t { kOther, kReceive, kSend };

// `error` is from GetLastError or WSAGetLastError: Winsock's numbers start at 10000. UV__EOF stands
// for an end that the system reports as an error.
Status FromSystemError(uint32_t error, During during = During::kOther);

// `ntstatus` is OVERLAPPED::Internal of a completed operation. Winsock gives some of them a meaning
// that they do not have for a pipe.
Status FromNtStatus(uint32_t ntstatus, During during, EndpointKind kind);

// Of the Winsock call that has just failed.
Status LastSocketError(During during = During::kOther);

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_ERRORS_H_

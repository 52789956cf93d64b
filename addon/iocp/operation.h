// An operation in flight is an OVERLAPPED: its packet leads straight back to it.
//
// From Begin until its packet was dispatched the memory belongs to the kernel, whatever happens to
// the endpoint meanwhile. An endpoint counts what it has in flight and is not closed before that
// count is zero.
#ifndef IOCP_NET_IOCP_OPERATION_H_
#define IOCP_NET_IOCP_OPERATION_H_

#include <cstdint>

#include "iocp/handle.h"
#include "port/status.h"

namespace iocp_net {

struct Endpoint;

enum class IoKind : uint8_t { kConnect, kReceive, kSend, kAccept, kShutdown };

struct IoOperation : OVERLAPPED {
  explicit IoOperation(IoKind operation_kind)
      : OVERLAPPED{}, status(kOk), kind(operation_kind), in_flight(false) {}

  Endpoint* endpoint = nullptr;
  Status status;  // of an operation that was decided without the kernel
  IoKind kind;
  bool in_flight;

  void ClearOverlapped() { *static_cast<OVERLAPPED*>(this) = OVERLAPPED{}; }
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_OPERATION_H_

// An operation in flight is an OVERLAPPED: its packet leads straight back to it.
//
// From Begin until its packet was dispatched the memory belongs to the kernel, whatever happens to
// the endpoint meanwhile. An endpoint counts what it has in flight and is not closed before that
// count is zero.
#ifndef IOCP_NET_IOCP_OPERATION_H_
#define IOCP_NET_IOCP_OPERATION_H_

#include <cstddef>

#include "iocp/errors.h"
#include "iocp/handle.h"
#include "port/status.h"

namespace iocp_net {

struct Endpoint;
class Transport;

struct IoOperation : OVERLAPPED {
  explicit IoOperation(During operation_during = During::kOther)
      : OVERLAPPED{}, during(operation_during) {}
  IoOperation(const IoOperation&) = delete;
  IoOperation& operator=(const IoOperation&) = delete;
  virtual ~IoOperation() = default;

  // It has ended, with `status` and the bytes that it moved. It may delete itself.
  virtual void Complete(Transport& transport, Endpoint& endpoint, Status status, size_t bytes) = 0;
  // The same when the endpoint closes: only who had an outcome before the close has to say so.
  virtual void CompleteLast(Transport&, Endpoint&, Status, size_t) {}

  void ClearOverlapped() { *static_cast<OVERLAPPED*>(this) = OVERLAPPED{}; }

  Endpoint* endpoint = nullptr;
  Status status = kOk;  // of an operation that was decided without the kernel
  const During during;  // the error table that its outcome is read by
  bool in_flight = false;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_OPERATION_H_

// What Windows keeps for an endpoint.
#ifndef IOCP_NET_IOCP_NATIVE_ENDPOINT_H_
#define IOCP_NET_IOCP_NATIVE_ENDPOINT_H_

#include <cstdint>
#include <memory>

#include "iocp/accept_pool.h"
#include "iocp/handle.h"
#include "iocp/operation.h"
#include "iocp/pipe_connection.h"
#include "iocp/receive_buffer.h"
#include "port/status.h"

namespace iocp_net {

struct ConnectOperation final : IoOperation {
  void Complete(Transport& transport, Endpoint& endpoint, Status status, size_t bytes) override;
};

struct ReceiveOperation final : IoOperation {
  ReceiveOperation() : IoOperation(During::kReceive) {}
  void Complete(Transport& transport, Endpoint& endpoint, Status status, size_t bytes) override;
};

struct SendOperation final : IoOperation {
  SendOperation() : IoOperation(During::kSend) {}
  void Complete(Transport& transport, Endpoint& endpoint, Status status, size_t bytes) override;
  void CompleteLast(Transport& transport, Endpoint& endpoint, Status status, size_t bytes) override;

  std::unique_ptr<uint8_t[]> copy;  // of a pipe: several spans as one
};

struct NativeEndpoint {
  HANDLE handle = INVALID_HANDLE_VALUE;  // a socket or a pipe
  // The slot's own memory, which is not used again before nothing is in flight.
  ReceiveOperation receive;
  // While in flight; a slot that closes keeps it until it is free.
  std::unique_ptr<ConnectOperation> connecting;
  std::unique_ptr<SendOperation> sending;
  std::unique_ptr<ReceiveBuffer> buffer;  // while one is lent to the receive, or not yet read out
  std::unique_ptr<AcceptPool> listener;
  std::unique_ptr<PipeConnection> pipe;

  Status receive_status = kOk;  // what the receive ended with, until it is reported; UV__EOF too
  uint32_t received_at_ms = 0;  // when Receive last found the connection at rest
  uint16_t in_flight = 0;
  bool skip_on_success = false;
  bool shut = false;  // our direction has ended
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_NATIVE_ENDPOINT_H_

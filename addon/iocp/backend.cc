#include "iocp/backend.h"

#include "port/engine.h"

namespace iocp_net {

Status Backend::Open() {
  Status status = queue_.Open();
  if (status == kOk) status = tcp_.Open();
  if (status == kOk) status = pipe_.Open();
  return status;
}

void Backend::Close(Endpoint& endpoint, CloseHow how) {
  Of(endpoint).BeginClose(endpoint, how);
  // The cancelled receive's packet is collected before the loop sleeps, as in libuv's poll.
  if (endpoint.native.in_flight > 0) queue_.Expect();
  TryEndClose(endpoint);
}

// An operation's memory is the slot's or the endpoint's own; neither goes before its packet came.
void Backend::TryEndClose(Endpoint& endpoint) {
  if (endpoint.native.in_flight > 0) return;
  Of(endpoint).EndClose(endpoint);
  engine_.OnClosed(endpoint);
}

int32_t Backend::Wait(int32_t timeout_ms) { return queue_.Wait(timeout_ms, *this); }

void Backend::Dispatch(IoOperation& operation, Status status, size_t bytes) {
  Endpoint& endpoint = *operation.endpoint;
  if (endpoint.state == EndpointState::kClosing) {
    operation.CompleteLast(Of(endpoint), endpoint, status, bytes);
    TryEndClose(endpoint);
  } else {
    operation.Complete(Of(endpoint), endpoint, status, bytes);
  }
}

}  // namespace iocp_net

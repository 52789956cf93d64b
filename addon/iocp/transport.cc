#include "iocp/transport.h"

#include <cassert>
#include <utility>

#include "iocp/errors.h"
#include "port/engine.h"

namespace iocp_net {

namespace {

// A connection that waits for its next bytes less than this is busy.
constexpr uint32_t kBusyMs = 100;

// libuv's name for it, of a socket alone.
Status SendStatus(const Endpoint& endpoint, Status status) {
  return status == UV__ECONNABORTED && endpoint.kind == EndpointKind::kTcp ? UV__ECANCELED : status;
}

// "Would block" is an answer for who does not wait. To a receive that waits it says that too many
// are in flight, or of a pipe that nobody writes to it any more: who takes what has arrived would
// otherwise go on waiting.
Status ReceiveStatus(const Endpoint& endpoint, Status status) {
  if (status != UV__EAGAIN) return status;
  return endpoint.kind == EndpointKind::kTcp ? UV__ENOBUFS : UV__EPIPE;
}

uint32_t NowMs() { return static_cast<uint32_t>(::GetTickCount64()); }

}  // namespace

Status Transport::Accept(Endpoint& listener, Endpoint& fresh) {
  return listener.native.listener->Take(listener, &fresh.native.handle,
                                        &fresh.native.skip_on_success);
}

// The receive that watches for bytes: with a buffer when the connection is busy, so that its packet
// brings them along, and with an empty one when it is idle, which pins nothing, or when much comes
// at a time, which would have to be copied out.
void Transport::WatchReceive(Endpoint& endpoint) {
  NativeEndpoint& native = endpoint.native;
  if (native.receive.in_flight) return;
  if (native.receive_status != kOk || native.buffer != nullptr) {
    engine_.OnReadable(endpoint);
    return;
  }
  const uint32_t now_ms = NowMs();
  if (!endpoint.large && now_ms - native.received_at_ms < kBusyMs) native.buffer = pool_.Take();
  native.received_at_ms = now_ms;

  uint8_t nothing = 0;
  uint8_t* const into = native.buffer != nullptr ? native.buffer->bytes : &nothing;
  const size_t bytes_max = native.buffer != nullptr ? ReceiveBuffer::kBytes : 0;
  queue_.Begin(endpoint, native.receive);
  size_t bytes = 0;
  const uint32_t error = StartReceive(endpoint, into, bytes_max, &bytes);
  if (error == ERROR_IO_PENDING) return;
  if (error == 0 && !native.skip_on_success) return;  // its packet comes
  queue_.End(native.receive);
  OnReceived(endpoint, FromSystemError(error, During::kReceive), bytes);
  // Of a pipe no bytes may be an empty write.
  const bool may_be_the_end = error == 0 && bytes == 0 && endpoint.kind == EndpointKind::kTcp;
  if (may_be_the_end) engine_.OnAnsweredAtOnce(endpoint);
}

void Transport::OnReceived(Endpoint& endpoint, Status status, size_t bytes) {
  NativeEndpoint& native = endpoint.native;
  native.receive_status = ReceiveStatus(endpoint, status);
  if (native.buffer != nullptr) {
    native.buffer->end = static_cast<uint32_t>(bytes);
    // Without bytes it is the end of a socket, or an empty write to a pipe: Receive finds out.
    if (bytes == 0) pool_.Give(std::move(native.buffer));
  }
  engine_.OnReadable(endpoint);
}

// First what the operation brought, then what the system has beyond it.
Transfer Transport::Receive(Endpoint& endpoint, uint8_t* into, size_t bytes_max) {
  NativeEndpoint& native = endpoint.native;
  assert(!native.receive.in_flight);
  size_t moved = 0;
  if (native.buffer != nullptr) {
    moved = native.buffer->Take(into, bytes_max);
    if (!native.buffer->Empty()) return Transfer::Moved(moved);
    const bool drained = !native.buffer->Filled();
    pool_.Give(std::move(native.buffer));
    if (drained) return Transfer::Moved(moved, Transfer::Rest::kNothing);
    if (moved == bytes_max) return Transfer::Moved(moved);
  }
  Status status = native.receive_status;
  if (status == kOk) {
    size_t bytes = 0;
    const uint32_t error = TryReceive(endpoint, into + moved, bytes_max - moved, &bytes);
    if (error == 0 && bytes > 0) {
      moved += bytes;
      // Less than asked for: if more comes at once, the next receive will say so.
      return Transfer::Moved(moved,
                             moved < bytes_max ? Transfer::Rest::kNothing : Transfer::Rest::kMore);
    }
    status = error == 0 ? UV__EOF : FromSystemError(error, During::kReceive);
    if (status == UV__EAGAIN) {
      return moved > 0 ? Transfer::Moved(moved, Transfer::Rest::kNothing) : Transfer::WouldBlock();
    }
    native.receive_status = status;
  }
  if (moved > 0) return Transfer::Moved(moved);
  return status == UV__EOF ? Transfer::Ended() : Transfer::Failed(status);
}

size_t Transport::Available(Endpoint& endpoint) {
  const NativeEndpoint& native = endpoint.native;
  const size_t lent = native.buffer != nullptr ? native.buffer->end - native.buffer->begin : 0;
  return lent + (native.receive_status == kOk ? TryAvailable(endpoint) : 0);
}

void Transport::WatchSend(Endpoint& endpoint) {
  NativeEndpoint& native = endpoint.native;
  assert(native.sending == nullptr);
  native.sending = std::make_unique<SendOperation>();
  SendOperation& operation = *native.sending;
  Span spans[kSpansMax];
  queue_.Begin(endpoint, operation);
  size_t bytes = 0;
  const uint32_t error = StartSend(endpoint, operation, endpoint.queue->Gather(spans), &bytes);
  if (error == ERROR_IO_PENDING) return;
  if (error == 0 && !native.skip_on_success) return;  // its packet comes
  queue_.Decide(operation, FromSystemError(error, During::kSend), bytes);
}

void Transport::OnSent(Endpoint& endpoint, Status status, size_t bytes) {
  const std::unique_ptr<SendOperation> sent = std::move(endpoint.native.sending);
  engine_.OnWritable(endpoint, status == kOk ? bytes : 0, SendStatus(endpoint, status));
}

void Transport::OnSentLast(Endpoint& endpoint, Status status, size_t bytes) {
  if (SendStatus(endpoint, status) == UV__ECANCELED) return;
  const std::unique_ptr<SendOperation> sent = std::move(endpoint.native.sending);
  engine_.OnSentLast(endpoint, bytes, status);
}

void Transport::OnAccepted(Endpoint& endpoint, AcceptOperation& operation, Status status) {
  AcceptPool& pool = *endpoint.native.listener;
  pool.OnAccepted(endpoint, operation, status);
  if (pool.Acceptable(endpoint)) engine_.OnAcceptable(endpoint);
}

void Transport::EndClose(Endpoint& endpoint) { pool_.Give(std::move(endpoint.native.buffer)); }

void AcceptOperation::Complete(Transport& transport, Endpoint& listener, Status outcome, size_t) {
  transport.OnAccepted(listener, *this, outcome);
}

void ConnectOperation::Complete(Transport& transport, Endpoint& owner, Status outcome, size_t) {
  const std::unique_ptr<ConnectOperation> connected = std::move(owner.native.connecting);
  transport.OnConnected(owner, outcome);
}

void ReceiveOperation::Complete(Transport& transport, Endpoint& owner, Status outcome,
                                size_t bytes) {
  transport.OnReceived(owner, outcome, bytes);
}

void SendOperation::Complete(Transport& transport, Endpoint& owner, Status outcome, size_t bytes) {
  transport.OnSent(owner, outcome, bytes);
}

void SendOperation::CompleteLast(Transport& transport, Endpoint& owner, Status outcome,
                                 size_t bytes) {
  transport.OnSentLast(owner, outcome, bytes);
}

}  // namespace iocp_net

// The engine's way out: what the kernel takes now, what waits for it, and the end of our direction
// after it.
#include <algorithm>
#include <cassert>

#include "port/backend.h"
#include "port/engine.h"

namespace iocp_net {

namespace {

constexpr size_t kSpansMax = 64;  // of one scatter/gather call

// Errors of a connection that takes no more bytes, whoever asks.
bool IsOver(Status status) { return status == UV__EPIPE || status == UV__ECONNRESET; }

}  // namespace

// What is left of a list of spans.
struct Remainder {
  const Span* spans;
  size_t count;
  Span front;

  Remainder(const Span* all, size_t all_count)
      : spans(all), count(all_count), front(all_count > 0 ? all[0] : Span{}) {}

  bool Empty() const { return count == 0; }
  size_t Gather(Span* into, size_t into_max) const {
    const size_t used = std::min(count, into_max);
    into[0] = front;
    for (size_t i = 1; i < used; i++) into[i] = spans[i];
    return used;
  }
  void Consume(size_t bytes) {
    while (count > 0 && bytes >= front.length) {
      bytes -= front.length;
      count--;
      spans++;
      front = count > 0 ? spans[0] : Span{};
    }
    front.data += bytes;
    front.length -= bytes;
  }
};

// Nothing overtakes what is queued.
int64_t Engine::SendNow(Endpoint& endpoint, Remainder* left) {
  if (endpoint.send_status != kOk) return endpoint.send_status;
  int64_t sent = 0;
  while (endpoint.queue == nullptr && !left->Empty()) {
    Span batch[kSpansMax];
    const size_t batch_count = left->Gather(batch, kSpansMax);
    Count(kSendCalls);
    const Transfer result = backend_->Send(endpoint, batch, batch_count);
    if (result.outcome == Transfer::Outcome::kFailed) {
      // The connection may go on: what is written next would come in the place of these bytes.
      if (!IsOver(result.status)) endpoint.send_status = result.status;
      return result.status;
    }
    if (result.outcome != Transfer::Outcome::kMoved) break;
    Count(kBytesSent, static_cast<double>(result.bytes));
    sent += static_cast<int64_t>(result.bytes);
    const size_t count_before = left->count;
    left->Consume(result.bytes);
    if (count_before - left->count < batch_count) break;  // a short send: the kernel is full
  }
  left->Consume(0);  // empty spans are nothing that could wait
  return sent;
}

// What was asked of the endpoints before comes first: a receive that is put off until after a send
// of this process finds what that brought, and looks older than what follows the send.
void Engine::FlushBeforeSend() {
  if (Backend::kAnswersInOrder) Flush();
}

void Engine::SendSlab() {
  FlushBeforeSend();
  int32_t* const control = memory_.control;
  Endpoint* const endpoint = table_.Find(control[kSlabIndex], control[kSlabGeneration]);
  const auto length = static_cast<uint32_t>(control[kSlabLength]);
  if (endpoint == nullptr || endpoint->state != EndpointState::kOpen) {
    control[kSlabSent] = UV__EBADF;
  } else if (length > kSlabBytes) {
    control[kSlabSent] = UV__EINVAL;
  } else {
    const Span span{memory_.slab, length};
    Remainder left(&span, 1);
    control[kSlabSent] = static_cast<int32_t>(SendNow(*endpoint, &left));
  }
}

int64_t Engine::Send(int32_t index, int32_t generation, const Span* spans, size_t count) {
  FlushBeforeSend();
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr || endpoint->state != EndpointState::kOpen) return UV__EBADF;
  Remainder left(spans, count);
  const int64_t sent = SendNow(*endpoint, &left);
  if (sent < 0 || left.Empty()) return sent;
  if (endpoint->queue == nullptr) endpoint->queue = std::make_unique<SendQueue>();
  endpoint->queue->Append(left.front);
  for (size_t i = 1; i < left.count; i++) endpoint->queue->Append(left.spans[i]);
  endpoint->stalled = true;
  if (!endpoint->writable_wait) {
    endpoint->writable_wait = true;
    backend_->WatchSend(*endpoint);
  }
  return sent;
}

size_t Engine::QueuedBytes(int32_t index, int32_t generation) {
  Endpoint* const endpoint = table_.Find(index, generation);
  return endpoint == nullptr || endpoint->queue == nullptr ? 0 : endpoint->queue->Bytes();
}

void Engine::MoveQueue(Endpoint& endpoint) {
  while (endpoint.queue != nullptr && !endpoint.queue->Empty()) {
    Span spans[kSpansMax];
    const size_t count = endpoint.queue->Gather(spans, kSpansMax);
    Count(kSendCalls);
    const Transfer result = backend_->Send(endpoint, spans, count);
    if (result.outcome == Transfer::Outcome::kFailed) {
      FailSend(endpoint, result.status);
      return;
    }
    if (result.outcome == Transfer::Outcome::kWouldBlock) {
      endpoint.writable_wait = true;
      backend_->WatchSend(endpoint);
      return;
    }
    Count(kBytesSent, static_cast<double>(result.bytes));
    endpoint.queue->Consume(result.bytes);
  }
  AfterQueue(endpoint);
}

void Engine::AfterQueue(Endpoint& endpoint) {
  endpoint.queue.reset();
  if (endpoint.stalled) {
    endpoint.stalled = false;
    Post(Completion::kSent, endpoint);
  }
  TryShutdown(endpoint);
}

void Engine::FailSend(Endpoint& endpoint, Status status) {
  endpoint.queue.reset();
  endpoint.stalled = false;
  endpoint.send_status = status;
  Post(Completion::kSent, endpoint, status);
  TryShutdown(endpoint);
}

void Engine::TryShutdown(Endpoint& endpoint) {
  if (!endpoint.shutdown_wanted || endpoint.queue != nullptr) return;
  endpoint.shutdown_wanted = false;
  const Status status = backend_->Shutdown(endpoint);
  if (status == UV__EAGAIN) return;
  // libuv starts the next receive after its callback: what that one asks for is older.
  if (Backend::kAnswersInOrder && status == kOk && endpoint.queued && !endpoint.after_data) {
    endpoint.shut_after = true;
    return;
  }
  Post(Completion::kShut, endpoint, status);
}

void Engine::OnWritable(Endpoint& endpoint, size_t sent, Status status) {
  // libuv reads before it writes: a reset is the receive's to report, and a send would take it
  // away.
  if (sent == 0 && status == kOk && endpoint.queued && endpoint.receiving &&
      endpoint.state == EndpointState::kOpen) {
    endpoint.send_after = true;
  } else {
    MoveOn(endpoint, sent, status);
  }
}

void Engine::MoveOn(Endpoint& endpoint, size_t sent, Status status) {
  endpoint.writable_wait = false;
  if (endpoint.queue == nullptr) return;
  if (status != kOk) {
    FailSend(endpoint, status);
    return;
  }
  if (sent > 0) {
    Count(kBytesSent, static_cast<double>(sent));
    endpoint.queue->Consume(sent);
  }
  MoveQueue(endpoint);
}

void Engine::OnSentLast(Endpoint& endpoint, size_t sent, Status status) {
  if (endpoint.queue == nullptr || !endpoint.stalled || ended_) return;
  if (status == kOk) {
    Count(kBytesSent, static_cast<double>(sent));
    endpoint.queue->Consume(sent);
    if (!endpoint.queue->Empty()) return;  // the rest is what the close has cut off
  }
  endpoint.queue.reset();
  endpoint.stalled = false;
  Post(Completion::kSent, endpoint, status);
}

void Engine::OnShut(Endpoint& endpoint, Status status) {
  if (endpoint.state == EndpointState::kOpen) Post(Completion::kShut, endpoint, status);
}

}  // namespace iocp_net

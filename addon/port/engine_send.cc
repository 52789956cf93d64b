// The engine's way out: what the kernel takes now, what waits for it, and the end of our direction
// behind it.
#include <cassert>

#include "port/backend.h"
#include "port/engine.h"

namespace iocp_net {

namespace {

constexpr size_t kSpansMax = 64;  // of one scatter/gather call

}  // namespace

int64_t Engine::Send(int32_t index, int32_t generation, const Span* spans, size_t count) {
  Flush();  // earlier slab writes of this endpoint go first
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr || endpoint->state != EndpointState::kOpen) return UV__EBADF;
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += spans[i].length;
  size_t sent = 0;
  size_t at = 0;
  Span front = count > 0 ? spans[0] : Span{};
  if (endpoint->queue == nullptr) {
    while (sent < total) {
      Span batch[kSpansMax];
      size_t batch_count = 0;
      batch[batch_count++] = front;
      while (batch_count < kSpansMax && at + batch_count < count) {
        batch[batch_count] = spans[at + batch_count];
        batch_count++;
      }
      Count(kSendCalls);
      const Transfer result = backend_->Send(*endpoint, batch, batch_count);
      if (result.outcome == Transfer::Outcome::kFailed) return result.status;
      if (result.outcome != Transfer::Outcome::kMoved) break;
      Count(kBytesSent, static_cast<double>(result.bytes));
      sent += result.bytes;
      size_t moved = result.bytes;
      bool whole = true;
      for (size_t i = 0; i < batch_count; i++) {
        if (moved < front.length) {
          front.data += moved;
          front.length -= moved;
          whole = false;
          break;
        }
        moved -= front.length;
        at++;
        front = at < count ? spans[at] : Span{};
      }
      if (!whole) break;  // a short send: the kernel is full
    }
  }
  if (sent < total) {
    if (endpoint->queue == nullptr) endpoint->queue = std::make_unique<SendQueue>();
    endpoint->queue->AppendBorrowed(front);
    for (size_t i = at + 1; i < count; i++) endpoint->queue->AppendBorrowed(spans[i]);
    endpoint->stalled = true;
    if (!endpoint->writable_wait) {
      endpoint->writable_wait = true;
      backend_->WatchSend(*endpoint);
    }
  }
  return static_cast<int64_t>(sent);
}

size_t Engine::QueuedBytes(int32_t index, int32_t generation) {
  Endpoint* const endpoint = table_.Find(index, generation);
  return endpoint == nullptr || endpoint->queue == nullptr ? 0 : endpoint->queue->Bytes();
}

void Engine::SendSlab(Endpoint& endpoint, Span span) {
  if (endpoint.queue == nullptr) {
    Count(kSendCalls);
    const Transfer result = backend_->Send(endpoint, &span, 1);
    if (result.outcome == Transfer::Outcome::kFailed) {
      FailSend(endpoint, result.status);
      return;
    }
    if (result.outcome == Transfer::Outcome::kMoved) {
      Count(kBytesSent, static_cast<double>(result.bytes));
      span.data += result.bytes;
      span.length -= result.bytes;
      if (span.length == 0) return;
    }
    endpoint.queue = std::make_unique<SendQueue>();
  }
  endpoint.queue->AppendCopy(span);
  if (!endpoint.stalled) {
    endpoint.stalled = true;
    Post(Completion::kStalled, endpoint);
  }
  if (!endpoint.writable_wait) {
    endpoint.writable_wait = true;
    backend_->WatchSend(endpoint);
  }
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
  if (endpoint.state == EndpointState::kLingering) {
    endpoint.state = EndpointState::kClosing;
    backend_->Close(endpoint, CloseHow::kGraceful);
    return;
  }
  if (endpoint.stalled) {
    endpoint.stalled = false;
    Post(Completion::kSent, endpoint);
  }
  TryShutdown(endpoint);
}

void Engine::FailSend(Endpoint& endpoint, Status status) {
  endpoint.queue.reset();
  if (endpoint.state == EndpointState::kLingering) {
    endpoint.state = EndpointState::kClosing;
    backend_->Close(endpoint, CloseHow::kGraceful);
    return;
  }
  endpoint.stalled = false;
  Post(Completion::kSent, endpoint, status);
  TryShutdown(endpoint);
}

void Engine::TryShutdown(Endpoint& endpoint) {
  if (!endpoint.shutdown_wanted || endpoint.queue != nullptr) return;
  endpoint.shutdown_wanted = false;
  const Status status = backend_->Shutdown(endpoint);
  if (status == UV__EAGAIN) return;
  if (Backend::kAnswersInOrder && status == kOk && endpoint.queued) {
    endpoint.shut_behind = true;
    return;
  }
  Post(Completion::kShut, endpoint, status);
}

void Engine::OnWritable(Endpoint& endpoint, size_t sent, Status status) {
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
  if (endpoint.queue == nullptr || !endpoint.stalled || endpoint.closed_told) return;
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

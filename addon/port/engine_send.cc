// The engine's way out: what the kernel takes now, what waits for it, and the end of our direction
// after it.
#include <algorithm>
#include <cassert>

#include "port/backend.h"
#include "port/engine.h"

namespace iocp_net {

namespace {

constexpr size_t kSpansMax = 64;  // of one scatter/gather call
constexpr size_t kEverything = SIZE_MAX;

// Errors of a connection that takes no more bytes, whoever asks.
bool IsOver(Status status) { return status == UV__EPIPE || status == UV__ECONNRESET; }

// The first bytes of what was gathered.
Spans Cut(std::span<Span> gathered, size_t bytes_max) {
  for (size_t i = 0; i < gathered.size(); i++) {
    if (gathered[i].size() >= bytes_max) {
      gathered[i] = gathered[i].first(bytes_max);
      return gathered.first(i + 1);
    }
    bytes_max -= gathered[i].size();
  }
  return gathered;
}

// The bytes that leave first, of a write in many pieces. libuv hands over two calls' worth at once,
// and what is left for each event of room; after more than one call's worth the write is over
// later, as it is here when something was left for a second send.
size_t BytesAtOnce(Spans spans, size_t pieces) {
  if (pieces <= Backend::kPiecesMax) return kEverything;
  size_t total = 0;
  for (const Span& span : spans) total += span.size();
  const double share =
      pieces <= 2 * Backend::kPiecesMax
          ? 0.5
          : 2.0 * static_cast<double>(Backend::kPiecesMax) / static_cast<double>(pieces);
  return static_cast<size_t>(static_cast<double>(total) * share);
}

}  // namespace

// What is left of a list of spans.
struct Remainder {
  Spans rest;
  Span front;  // of `rest`, of which a part may have gone

  explicit Remainder(Spans all) : rest(all), front(all.empty() ? Span{} : all[0]) {}

  bool Empty() const { return rest.empty(); }
  std::span<Span> Gather(std::span<Span> into) const {
    const size_t count = std::min(rest.size(), into.size());
    std::copy_n(rest.begin(), count, into.begin());
    into[0] = front;
    return into.first(count);
  }
  void Consume(size_t bytes) {
    while (!rest.empty() && bytes >= front.size()) {
      bytes -= front.size();
      rest = rest.subspan(1);
      front = rest.empty() ? Span{} : rest[0];
    }
    front = front.subspan(bytes);
  }
};

// Nothing overtakes what is queued.
int64_t Engine::SendNow(Endpoint& endpoint, Remainder* left, size_t bytes_max) {
  if (endpoint.send_status != kOk) return endpoint.send_status;
  size_t sent = 0;
  while (endpoint.queue == nullptr && !left->Empty() && sent < bytes_max) {
    Span batch[kSpansMax];
    const Spans gathered = Cut(left->Gather(batch), bytes_max - sent);
    Count(kSendCalls);
    const Transfer result = backend_->Send(endpoint, gathered);
    if (result.outcome == Transfer::Outcome::kFailed) {
      // The connection may go on: what is written next would come in the place of these bytes.
      if (!IsOver(result.status)) endpoint.send_status = result.status;
      return result.status;
    }
    if (result.outcome != Transfer::Outcome::kMoved) break;
    Count(kBytesSent, static_cast<double>(result.bytes));
    sent += result.bytes;
    const size_t count_before = left->rest.size();
    left->Consume(result.bytes);
    // A short send: the kernel is full.
    if (count_before - left->rest.size() < gathered.size()) break;
  }
  left->Consume(0);  // empty spans are nothing that could wait
  return static_cast<int64_t>(sent);
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
    Remainder left(Spans(&span, 1));
    control[kSlabSent] = static_cast<int32_t>(SendNow(*endpoint, &left, kEverything));
  }
}

int64_t Engine::Send(int32_t index, int32_t generation, Spans spans, size_t pieces) {
  FlushBeforeSend();
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr || endpoint->state != EndpointState::kOpen) return UV__EBADF;
  Remainder left(spans);
  const size_t at_once = BytesAtOnce(spans, pieces);
  const int64_t sent = SendNow(*endpoint, &left, at_once);
  if (sent < 0 || left.Empty()) return sent;
  const bool watched = endpoint->queue != nullptr;
  if (!watched) endpoint->queue = std::make_unique<SendQueue>();
  endpoint->queue->Append(left.front);
  for (const Span& span : left.rest.subspan(1)) endpoint->queue->Append(span);
  if (watched) return sent;
  if (static_cast<size_t>(sent) < at_once) {
    backend_->WatchSend(*endpoint);
  } else if (pieces <= 2 * Backend::kPiecesMax || !backend_->WatchRoom(*endpoint)) {
    MoveQueue(*endpoint);
  }
  return sent;
}

size_t Engine::QueuedBytes(int32_t index, int32_t generation) {
  Endpoint* const endpoint = table_.Find(index, generation);
  return endpoint == nullptr || endpoint->queue == nullptr ? 0 : endpoint->queue->Bytes();
}

void Engine::MoveQueue(Endpoint& endpoint) {
  while (!endpoint.queue->Empty()) {
    Span spans[kSpansMax];
    Count(kSendCalls);
    const Transfer result = backend_->Send(endpoint, endpoint.queue->Gather(spans));
    if (result.outcome == Transfer::Outcome::kFailed) {
      FailSend(endpoint, result.status);
      return;
    }
    if (result.outcome == Transfer::Outcome::kWouldBlock) {
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
  Post(Completion::kSent, endpoint);
  TryShutdown(endpoint);
}

void Engine::FailSend(Endpoint& endpoint, Status status) {
  endpoint.queue.reset();
  endpoint.send_status = status;
  Post(Completion::kSent, endpoint, status);
  TryShutdown(endpoint);
}

void Engine::TryShutdown(Endpoint& endpoint) {
  if (endpoint.shutdown != ShutdownState::kAfterQueue || endpoint.queue != nullptr) return;
  endpoint.shutdown = ShutdownState::kAsked;
  const Status status = backend_->Shutdown(endpoint);
  if (status == UV__EAGAIN) return;
  // libuv starts the next receive after its callback: what that one asks for is older.
  if (Backend::kAnswersInOrder && status == kOk && endpoint.queued == Queued::kYes) {
    endpoint.deferred = Deferred::kShut;
    return;
  }
  Post(Completion::kShut, endpoint, status);
}

void Engine::OnWritable(Endpoint& endpoint, size_t sent, Status status) {
  // libuv reads before it writes: a reset is the receive's to report, and a send would take it
  // away.
  if (sent == 0 && status == kOk && endpoint.queued != Queued::kNo && endpoint.Wants() &&
      endpoint.state == EndpointState::kOpen) {
    endpoint.deferred = Deferred::kQueue;
  } else {
    MoveOn(endpoint, sent, status);
  }
}

void Engine::MoveOn(Endpoint& endpoint, size_t sent, Status status) {
  assert(endpoint.queue != nullptr);
  // A second event may come before the receive that the first one waits for was served.
  if (endpoint.deferred == Deferred::kQueue) {
    endpoint.deferred = Deferred::kNothing;
  }
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
  if (endpoint.queue == nullptr || ended_) return;
  if (status == kOk) {
    Count(kBytesSent, static_cast<double>(sent));
    endpoint.queue->Consume(sent);
    if (!endpoint.queue->Empty()) return;  // the rest is what the close has cut off
  }
  endpoint.queue.reset();
  Post(Completion::kSent, endpoint, status);
}

void Engine::OnShut(Endpoint& endpoint, Status status) {
  if (endpoint.state == EndpointState::kOpen) Post(Completion::kShut, endpoint, status);
}

}  // namespace iocp_net

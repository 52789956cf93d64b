// The engine's way in: what the backend reports is noted, and served in turn from the ready list,
// each within its budget.
#include <algorithm>
#include <cassert>
#include <utility>

#include "port/backend.h"
#include "port/engine.h"

namespace iocp_net {

namespace {

// Connections taken from one listener in one turn, so that a burst does not keep open connections
// waiting.
constexpr int32_t kAcceptsPerTurn = 64;

}  // namespace

int64_t Engine::Receive(int32_t index, int32_t generation, uint8_t* into, size_t bytes_max) {
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr || endpoint->state != EndpointState::kOpen) return UV__EBADF;
  if (endpoint->incoming != Incoming::kThere) return UV__EAGAIN;
  const Transfer result = backend_->Receive(*endpoint, into, bytes_max);
  AfterReceive(*endpoint, result);
  switch (result.outcome) {
    case Transfer::Outcome::kMoved:
      return static_cast<int64_t>(result.bytes);
    case Transfer::Outcome::kEnded:
      return 0;
    case Transfer::Outcome::kWouldBlock:
      return UV__EAGAIN;
    case Transfer::Outcome::kFailed:
      break;
  }
  return result.status;
}

void Engine::Reap(int32_t timeout_ms, bool first) {
  if (first) TakeLater();
  if (completions_.Empty()) {  // JavaScript has seen everything, and has copied what it wanted
    arena_used_ = 0;
    table_.Recycle();
  }
  if (completions_.HasRoom()) {
    Count(kWaitCalls);
    backend_->Wait(HasReady() || HasCompletions() ? 0 : timeout_ms);
  }
  ServeReady();
}

void Engine::OnReadable(Endpoint& endpoint) {
  if (endpoint.incoming == Incoming::kOver) return;
  endpoint.incoming = Incoming::kThere;
  if (endpoint.Wants()) Enqueue(endpoint);
}

void Engine::OnAnsweredAtOnce(Endpoint& endpoint) {
  if (endpoint.queued == Queued::kNo) return;
  endpoint.answered_at_once = true;
  answered_at_once_ = true;
}

void Engine::OnAcceptable(Endpoint& listener) {
  listener.incoming = Incoming::kThere;
  if (listener.Wants()) Enqueue(listener);
}

void Engine::OnConnected(Endpoint& endpoint, Status status) {
  if (endpoint.state != EndpointState::kConnecting) return;
  endpoint.state = EndpointState::kAnswered;
  endpoint.connect_status = status;
  Enqueue(endpoint);  // in the order of the events: the listener's connection before the client's
}

void Engine::ServeConnected(Endpoint& endpoint) {
  const Status status = endpoint.connect_status;
  if (status != kOk) {
    endpoint.state = EndpointState::kRefused;
  } else {
    endpoint.state = EndpointState::kOpen;
    Count(kConnectedEndpoints);
    if (endpoint.Servable()) {
      Enqueue(endpoint);
    } else if (endpoint.Wants()) {
      backend_->WatchReceive(endpoint);
    }
  }
  Post(Completion::kConnected, endpoint, status);
}

void Engine::StartReceiving(Endpoint& endpoint, ReceiveMode mode) {
  const bool open = endpoint.state == EndpointState::kOpen;
  const bool connecting =
      endpoint.state == EndpointState::kConnecting || endpoint.state == EndpointState::kAnswered;
  if ((!open && !connecting) || endpoint.incoming == Incoming::kOver) return;
  endpoint.interest = mode == ReceiveMode::kAnnounced ? Interest::kAnnounced : Interest::kDelivered;
  if (endpoint.incoming == Incoming::kThere) {
    Enqueue(endpoint);
  } else if (open) {
    backend_->WatchReceive(endpoint);
  }
}

void Engine::Enqueue(Endpoint& endpoint, List* list) {
  if (endpoint.queued != Queued::kNo) return;
  endpoint.queued = Queued::kYes;
  endpoint.next_ready = nullptr;
  if (list->tail == nullptr) {
    list->head = &endpoint;
  } else {
    list->tail->next_ready = &endpoint;
  }
  list->tail = &endpoint;
}

void Engine::TakeLater() {
  if (later_.head == nullptr) return;
  if (ready_.tail == nullptr) {
    ready_.head = later_.head;
  } else {
    ready_.tail->next_ready = later_.head;
  }
  ready_.tail = later_.tail;
  later_ = {};
}

// Serves each endpoint that was ready when the turn began once. What is left over goes to the end
// of the list, so a flooding peer cannot keep the others waiting (libuv#2027, #3544).
void Engine::ServeReady() {
  Endpoint* const last = ready_.tail;
  while (ready_.head != nullptr && completions_.HasRoom() && ArenaHasRoom()) {
    Endpoint& endpoint = *ready_.head;
    ready_.head = endpoint.next_ready;
    if (ready_.head == nullptr) ready_.tail = nullptr;
    endpoint.queued = Queued::kNo;
    endpoint.next_ready = nullptr;
    Serve(endpoint);
    if (&endpoint == last) break;
  }
  if (ready_.head == nullptr) answered_at_once_ = false;
}

void Engine::ServeEnded() {
  if (!std::exchange(answered_at_once_, false)) return;
  if (completions_.Empty()) arena_used_ = 0;
  Endpoint* const last = ready_.tail;
  Endpoint* before = nullptr;
  for (Endpoint* next = ready_.head; next != nullptr;) {
    Endpoint& endpoint = *next;
    next = &endpoint == last ? nullptr : endpoint.next_ready;
    const bool answered = std::exchange(endpoint.answered_at_once, false);
    const bool has_room = completions_.HasRoom() && ArenaHasRoom();
    if (!answered || !has_room || endpoint.state != EndpointState::kOpen ||
        backend_->Available(endpoint) > 0) {
      before = &endpoint;
      continue;
    }
    (before == nullptr ? ready_.head : before->next_ready) = endpoint.next_ready;
    if (ready_.tail == &endpoint) ready_.tail = before;
    endpoint.queued = Queued::kNo;
    endpoint.next_ready = nullptr;
    Serve(endpoint);
  }
}

void Engine::Serve(Endpoint& endpoint) {
  endpoint.answered_at_once = false;
  if (endpoint.state == EndpointState::kOpen) {
    const bool goes_on = ServeReceive(endpoint);
    ServeDeferred(endpoint, goes_on);
  } else if (endpoint.state == EndpointState::kListening) {
    ServeAccept(endpoint);
  } else if (endpoint.state == EndpointState::kAnswered) {
    ServeConnected(endpoint);
  }
}

void Engine::ServeDeferred(Endpoint& endpoint, bool goes_on) {
  switch (std::exchange(endpoint.deferred, Deferred::kNothing)) {
    case Deferred::kNothing:
      return;
    case Deferred::kShut:
      Post(Completion::kShut, endpoint);
      return;
    case Deferred::kQueue:
      if (goes_on) {
        MoveOn(endpoint, 0, kOk);
      } else {
        // The owner of a connection that has failed closes it, which gives the queue up: only when
        // that has not happened by the next turn does the queue fail by itself.
        endpoint.deferred = Deferred::kQueue;
        Enqueue(endpoint);
      }
      return;
  }
}

void Engine::ServeAccept(Endpoint& listener) {
  if (!listener.Wants()) return;
  for (int32_t i = 0; i < kAcceptsPerTurn; i++) {
    if (!completions_.HasRoom()) break;
    Endpoint& fresh = table_.Allocate();
    fresh.state = EndpointState::kOpen;
    fresh.kind = listener.kind;
    const Status status = backend_->Accept(listener, fresh);
    if (status == kOk) {
      Count(kAcceptedEndpoints);
      memory_.counters[kOpenEndpoints] = static_cast<double>(table_.Open());
      Post(Completion::kAccepted, listener, kOk, static_cast<int32_t>(fresh.index),
           fresh.generation);
      continue;
    }
    table_.Free(fresh);
    if (status == UV__EAGAIN) {
      listener.incoming = Incoming::kAwaited;
      return;
    }
    // Out of descriptors or memory: the listener rests until JavaScript starts it again, so that it
    // neither spins nor falls silent.
    listener.interest = Interest::kNone;
    Post(Completion::kAcceptFailed, listener, status);
    return;
  }
  Enqueue(listener);
}

// False when the connection has failed.
bool Engine::ServeReceive(Endpoint& endpoint) {
  if (!endpoint.Servable()) return true;
  if (endpoint.interest == Interest::kAnnounced) {
    Post(Completion::kReceivable, endpoint);
    return true;
  }
  if (endpoint.large) {
    const size_t available = std::min<size_t>(backend_->Available(endpoint), kReceivableBytesMax);
    if (available >= kLargeReceiveBytesMin) {
      Post(Completion::kReceivable, endpoint, kOk, static_cast<int32_t>(available));
      return true;
    }
  }
  const Transfer result = backend_->Receive(endpoint, Arena(), kReceiveBytesMax);
  switch (result.outcome) {
    case Transfer::Outcome::kMoved:
      Post(Completion::kReceived, endpoint, kOk, arena_used_, static_cast<int32_t>(result.bytes));
      arena_used_ += (static_cast<int32_t>(result.bytes) + kArenaAlignment - 1) & -kArenaAlignment;
      break;
    case Transfer::Outcome::kWouldBlock:
      break;
    case Transfer::Outcome::kEnded:
      Post(Completion::kEnded, endpoint);
      break;
    case Transfer::Outcome::kFailed:
      Post(Completion::kReceiveFailed, endpoint, result.status);
      break;
  }
  AfterReceive(endpoint, result);
  if (endpoint.queued == Queued::kYes) endpoint.queued = Queued::kAfterBytes;
  return result.outcome != Transfer::Outcome::kFailed;
}

void Engine::AfterReceive(Endpoint& endpoint, const Transfer& result) {
  Count(kReceiveCalls);
  switch (result.outcome) {
    case Transfer::Outcome::kMoved:
      Count(kBytesReceived, static_cast<double>(result.bytes));
      endpoint.large = result.bytes >= kLargeReceiveBytesMin;
      if (result.rest == Transfer::Rest::kNothing) break;
      Enqueue(endpoint, result.rest == Transfer::Rest::kEnd ? &later_ : &ready_);
      return;
    case Transfer::Outcome::kWouldBlock:
      break;
    case Transfer::Outcome::kEnded:
    case Transfer::Outcome::kFailed:
      endpoint.incoming = Incoming::kOver;
      return;
  }
  endpoint.incoming = Incoming::kAwaited;
  backend_->WatchReceive(endpoint);
}

}  // namespace iocp_net

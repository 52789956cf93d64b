#include "port/engine.h"

#include <cassert>

#include "port/backend.h"

// Life, direct calls and submissions; sending is in engine_send.cc, everything that comes in in
// engine_ready.cc.
namespace iocp_net {

namespace {

constexpr size_t kLingeringMax = 128;

}  // namespace

Engine::Engine() = default;

Engine::~Engine() { Close(); }

Status Engine::Open(const SharedMemory& memory) {
  memory_ = memory;
  submissions_ = SubmissionRing(memory.control);
  completions_ = CompletionRing(memory.control);
  backend_ = std::make_unique<Backend>(*this);
  const Status status = backend_->Open();
  if (status != kOk) backend_.reset();
  return status;
}

void Engine::Close() {
  if (backend_ == nullptr) return;
  Flush();  // what was accepted for sending leaves first, as it would have with a kernel's buffer
  table_.ForEachOpen([this](Endpoint& endpoint) {
    endpoint.closed_told = true;
    if (endpoint.state != EndpointState::kClosing) {
      endpoint.state = EndpointState::kClosing;
      backend_->Close(endpoint, CloseHow::kGraceful);
    }
  });
  // The backend answers every Close; no operation's memory is freed before that. No time limit: the
  // system would write into what a late answer still refers to.
  while (table_.Open() > 0) {
    if (backend_->Wait(-1) < 0) break;
  }
  backend_.reset();
}

Status Engine::Listen(const Address& address, int32_t backlog, int32_t flags) {
  Endpoint& endpoint = table_.Allocate();
  endpoint.state = EndpointState::kListening;
  endpoint.kind = address.kind;
  endpoint.accepting = true;
  const Status status = backend_->Listen(endpoint, address, backlog, flags);
  if (status != kOk) {
    table_.Free(endpoint);
    return status;
  }
  Reply(endpoint);
  return kOk;
}

Status Engine::Connect(const Address& peer, const Address* local) {
  Endpoint& endpoint = table_.Allocate();
  endpoint.state = EndpointState::kConnecting;
  endpoint.kind = peer.kind;
  ConnectStage stage = ConnectStage::kConnect;
  const Status status = backend_->Connect(endpoint, peer, local, &stage);
  if (status != kOk) {
    table_.Free(endpoint);
    memory_.control[kReplyIndex] = static_cast<int32_t>(stage);
    return status;
  }
  Reply(endpoint);
  return kOk;
}

Status Engine::Adopt(int64_t descriptor, int32_t flags, int32_t backlog) {
  Endpoint& endpoint = table_.Allocate();
  const bool listener = (flags & kAdoptListener) != 0;
  endpoint.state = listener ? EndpointState::kListening : EndpointState::kOpen;
  endpoint.accepting = listener;
  const bool duplicate = (flags & kAdoptDuplicate) != 0;
  const Status status = listener ? backend_->AdoptListener(endpoint, descriptor, duplicate, backlog)
                                 : backend_->AdoptStream(endpoint, descriptor, duplicate);
  if (status != kOk) {
    table_.Free(endpoint);
    return status;
  }
  Count(kAdoptedEndpoints);
  Reply(endpoint);
  memory_.control[kReplyKind] = static_cast<int32_t>(endpoint.kind);
  return kOk;
}

int64_t Engine::Duplicate(int32_t index, int32_t generation) {
  Flush();  // what was written to this endpoint leaves before anybody else can write
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr || endpoint->state == EndpointState::kClosing) return UV__EBADF;
  return backend_->Duplicate(*endpoint);
}

int64_t Engine::DescriptorOf(int32_t index, int32_t generation) {
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr || endpoint->state == EndpointState::kClosing) return UV__EBADF;
  return backend_->DescriptorOf(*endpoint);
}

Status Engine::SetOption(int32_t index, int32_t generation, Option option, int32_t a, int32_t b,
                         int32_t c, int32_t d) {
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr) return UV__EBADF;
  return backend_->SetOption(*endpoint, option, a, b, c, d);
}

Status Engine::LocalAddress(int32_t index, int32_t generation, Address* address) {
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr) return UV__EBADF;
  return backend_->LocalAddress(*endpoint, address);
}

Status Engine::PeerAddress(int32_t index, int32_t generation, Address* address) {
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr) return UV__EBADF;
  return backend_->PeerAddress(*endpoint, address);
}

Status Engine::ConnectAgain(int32_t index, int32_t generation, const Address& peer) {
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr) return UV__EBADF;
  return backend_->ConnectAgain(*endpoint, peer);
}

void Engine::Flush() {
  while (!submissions_.Empty()) {
    Count(kSubmissions);
    Apply(submissions_.Take());
  }
  submissions_.ReleaseSlab();
}

void Engine::Apply(const Submission& submission) {
  Endpoint* const found = table_.Find(submission.index, submission.generation);
  if (found == nullptr) return;  // stale: the endpoint has closed meanwhile
  Endpoint& endpoint = *found;
  switch (submission.operation) {
    case Operation::kSend:
      if (endpoint.state == EndpointState::kOpen) {
        SendSlab(endpoint, {memory_.slab + submission.a, static_cast<size_t>(submission.b)});
      }
      return;
    case Operation::kReceiveStart:
      if (!endpoint.Stream() || endpoint.ended) return;
      endpoint.receiving = true;
      endpoint.read_through = submission.a != 0;
      if (endpoint.readable) {
        Enqueue(endpoint);
      } else if (endpoint.state == EndpointState::kOpen) {
        backend_->WatchReceive(endpoint);
      }
      return;
    case Operation::kReceiveStop:
      endpoint.receiving =
          false;  // the watch stays armed: cancelling it could lose the connection's state
      return;
    case Operation::kShutdown:
      if (endpoint.state != EndpointState::kOpen) return;
      endpoint.shutdown_wanted = true;
      TryShutdown(endpoint);
      return;
    case Operation::kClose:
      CloseEndpoint(endpoint, static_cast<CloseHow>(submission.a));
      return;
    case Operation::kAcceptStart:
      if (endpoint.state != EndpointState::kListening) return;
      endpoint.accepting = true;
      Enqueue(endpoint);
      return;
  }
}

void Engine::CloseEndpoint(Endpoint& endpoint, CloseHow how) {
  if (endpoint.state == EndpointState::kClosing || endpoint.state == EndpointState::kLingering)
    return;
  endpoint.receiving = false;
  endpoint.shutdown_wanted = false;
  if (how == CloseHow::kGraceful && endpoint.queue != nullptr) {
    if (!endpoint.writable_wait) {
      endpoint.queue->DiscardBorrowed();
      if (!endpoint.queue->Empty()) {
        Linger(endpoint);
        MoveQueue(endpoint);
        return;
      }
    } else if (backend_->MayLinger(endpoint)) {
      // The watch that is under way answers with OnWritable, which goes on with what was promised.
      endpoint.queue->DiscardBorrowed();
      if (!endpoint.queue->Empty()) {
        Linger(endpoint);
        return;
      }
    }
  }
  endpoint.state = EndpointState::kClosing;
  backend_->Close(endpoint, how);
}

// A peer that does not read keeps its endpoint lingering, and a descriptor with it, as long as it
// likes. So only the youngest may linger: the oldest one's bytes are given up when there are too
// many.
void Engine::Linger(Endpoint& endpoint) {
  endpoint.state = EndpointState::kLingering;
  TellClosed(endpoint);
  const auto over = [this](const Lingering& one) {
    const Endpoint* const found = table_.Find(one.index, one.generation);
    return found == nullptr || found->state != EndpointState::kLingering;
  };
  lingering_.push_back({static_cast<int32_t>(endpoint.index), endpoint.generation});
  if (lingering_.size() <= kLingeringMax) return;
  std::erase_if(lingering_, over);
  if (lingering_.size() <= kLingeringMax) return;
  Endpoint& oldest = *table_.Find(lingering_.front().index, lingering_.front().generation);
  lingering_.erase(lingering_.begin());
  oldest.state = EndpointState::kClosing;
  backend_->Close(oldest, CloseHow::kGraceful);
}

void Engine::TellClosed(Endpoint& endpoint) {
  if (endpoint.closed_told) return;
  endpoint.closed_told = true;
  Post(Completion::kClosed, endpoint);
}

void Engine::OnClosed(Endpoint& endpoint) {
  assert(endpoint.state == EndpointState::kClosing);
  TellClosed(endpoint);
  table_.Free(endpoint);
  memory_.counters[kOpenEndpoints] = static_cast<double>(table_.Open());
}

void Engine::Post(Completion completion, const Endpoint& endpoint, Status status, int32_t a,
                  int32_t b) {
  Count(kCompletions);
  completions_.Post(
      {completion, static_cast<int32_t>(endpoint.index), endpoint.generation, status, a, b});
}

void Engine::Reply(const Endpoint& endpoint) {
  memory_.control[kReplyIndex] = static_cast<int32_t>(endpoint.index);
  memory_.control[kReplyGeneration] = endpoint.generation;
  memory_.counters[kOpenEndpoints] = static_cast<double>(table_.Open());
}

}  // namespace iocp_net

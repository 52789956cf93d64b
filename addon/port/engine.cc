#include "port/engine.h"

#include <cassert>

#include "port/backend.h"

// Life, direct calls and submissions; sending is in engine_send.cc, everything that comes in in
// engine_ready.cc.
namespace iocp_net {

Engine::Engine() = default;

Engine::~Engine() { End(); }

Status Engine::Open(const SharedMemory& memory) {
  memory_ = memory;
  submissions_ = SubmissionRing(memory.control);
  completions_ = CompletionRing(memory.control);
  backend_ = std::make_unique<Backend>(*this);
  const Status status = backend_->Open();
  if (status != kOk) backend_.reset();
  return status;
}

void Engine::End() {
  if (backend_ == nullptr) return;
  ended_ = true;
  table_.ForEachOpen([this](Endpoint& endpoint) {
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
  endpoint.interest = Interest::kDelivered;
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
  if (listener) endpoint.interest = Interest::kDelivered;
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
}

void Engine::Apply(const Submission& submission) {
  Endpoint* const found = table_.Find(submission.index, submission.generation);
  if (found == nullptr) return;  // stale: the endpoint has closed meanwhile
  Endpoint& endpoint = *found;
  switch (submission.operation) {
    case Operation::kReceiveStart:
      StartReceiving(endpoint, static_cast<ReceiveMode>(submission.argument));
      return;
    case Operation::kReceiveStop:
      // The watch stays armed: cancelling it could lose the connection's state.
      if (endpoint.state != EndpointState::kListening) endpoint.interest = Interest::kNone;
      return;
    case Operation::kShutdown:
      if (endpoint.state != EndpointState::kOpen || endpoint.shutdown != ShutdownState::kNone) {
        return;
      }
      endpoint.shutdown = ShutdownState::kAfterQueue;
      TryShutdown(endpoint);
      return;
    case Operation::kAcceptStart:
      if (endpoint.state != EndpointState::kListening) return;
      endpoint.interest = Interest::kDelivered;
      Enqueue(endpoint);
      return;
  }
}

void Engine::Close(int32_t index, int32_t generation, CloseHow how) {
  Flush();  // what was asked of the endpoint before comes first
  Endpoint* const endpoint = table_.Find(index, generation);
  if (endpoint == nullptr || endpoint->state == EndpointState::kClosing) return;
  endpoint->interest = Interest::kNone;
  endpoint->state = EndpointState::kClosing;
  backend_->Close(*endpoint, how);
}

void Engine::OnClosed(Endpoint& endpoint) {
  assert(endpoint.state == EndpointState::kClosing);
  if (!ended_) Post(Completion::kClosed, endpoint);
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

#include "iocp/accept_pool.h"

#include <utility>

#include "port/endpoint.h"

namespace iocp_net {

namespace {

// Connections that are gone again before the operation got them, passed over in one go.
constexpr int kResetsMax = 16;

}  // namespace

// "Would block" of an accept that waits: too many are in flight. To the caller of Take it would say
// that one is in flight, and the listener would be deaf without a report.
Posted Posted::Failed(Status status) {
  return {Outcome::kFailed, status == UV__EAGAIN ? UV__ENOBUFS : status};
}

Status AcceptPool::Start(Endpoint& endpoint, size_t size) {
  while (operations_.size() < size) {
    operations_.push_back(std::make_unique<AcceptOperation>());
    resting_.push_back(operations_.back().get());
  }
  return PostResting(endpoint);
}

bool AcceptPool::Acceptable(const Endpoint& endpoint) const {
  return !accepted_.empty() || endpoint.native.in_flight == 0;
}

Status AcceptPool::Take(Endpoint& endpoint, HANDLE* handle, bool* skip_on_success) {
  const Status posted = PostResting(endpoint);
  if (accepted_.empty()) return posted != kOk ? posted : UV__EAGAIN;
  AcceptOperation& operation = *accepted_.front();
  accepted_.pop_front();
  *handle = std::exchange(operation.handle, INVALID_HANDLE_VALUE);
  *skip_on_success = operation.skip_on_success;
  if (PostAgain(endpoint, operation) != kOk) resting_.push_back(&operation);
  return kOk;
}

void AcceptPool::OnAccepted(Endpoint& endpoint, AcceptOperation& operation, Status status) {
  if (status == kOk && Finish(endpoint, operation)) {
    accepted_.push_back(&operation);
    return;
  }
  // The connection is gone, which says nothing about the listener: the next one, please.
  CloseConnection(operation);
  if (PostAgain(endpoint, operation) != kOk) resting_.push_back(&operation);
}

Status AcceptPool::PostAgain(Endpoint& endpoint, AcceptOperation& operation) {
  for (int resets = 0;; resets++) {
    const Posted posted = Post(endpoint, operation);
    if (posted.outcome == Posted::Outcome::kInFlight) return kOk;
    Status status = posted.status;
    if (posted.outcome == Posted::Outcome::kArrived) {
      if (Finish(endpoint, operation)) {
        accepted_.push_back(&operation);
        return kOk;
      }
      CloseConnection(operation);
      status = UV__ECONNRESET;
    }
    if (status != UV__ECONNRESET || resets == kResetsMax) return status;
  }
}

// When one cannot be posted the others go on resting. It is a failure only when nothing else is in
// flight and nothing waits: otherwise the listener still accepts.
Status AcceptPool::PostResting(Endpoint& endpoint) {
  while (!resting_.empty()) {
    AcceptOperation& operation = *resting_.back();
    const Status status = PostAgain(endpoint, operation);
    if (status != kOk) return endpoint.native.in_flight == 0 && accepted_.empty() ? status : kOk;
    resting_.pop_back();
  }
  return kOk;
}

}  // namespace iocp_net

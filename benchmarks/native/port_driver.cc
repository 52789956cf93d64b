#include "port_driver.h"

#include <algorithm>

#include "failure.h"

namespace iocp_net::bench {

PortDriver::PortDriver(Handler& handler)
    : handler_(handler),
      control_(kControlWords),
      counters_(kCounterCount),
      slab_(kSlabBytes),
      arena_(kArenaBytes),
      large_(kReceiveBytesMax) {
  SharedMemory memory;
  memory.control = control_.data();
  memory.counters = counters_.data();
  memory.slab = slab_.data();
  memory.arena = arena_.data();
  const Status status = engine_.Open(memory);
  if (status != kOk) Fail("the engine does not open", status);
}

int32_t PortDriver::Connect(const Address& peer, const Address* local) {
  const Status status = engine_.Connect(peer, local);
  if (status != kOk) return status;
  const int32_t index = control_[kReplyIndex];
  if (static_cast<size_t>(index) >= generations_.size()) {
    generations_.resize(static_cast<size_t>(index) + 1);
  }
  generations_[static_cast<size_t>(index)] = control_[kReplyGeneration];
  return index;
}

Status PortDriver::Send(int32_t index, Spans spans) {
  const int64_t sent = engine_.Send(index, generations_[static_cast<size_t>(index)], spans);
  return sent < 0 ? static_cast<Status>(sent) : kOk;
}

Status PortDriver::SendCopy(int32_t index, const std::vector<uint8_t>& bytes) {
  const auto at = static_cast<size_t>(index);
  size_t taken = 0;
  if (bytes.size() <= kSlabBytes) {
    std::copy(bytes.begin(), bytes.end(), slab_.begin());
    control_[kSlabIndex] = index;
    control_[kSlabGeneration] = generations_[at];
    control_[kSlabLength] = static_cast<int32_t>(bytes.size());
    engine_.SendSlab();
    if (control_[kSlabSent] < 0) return control_[kSlabSent];
    taken = static_cast<size_t>(control_[kSlabSent]);
    if (taken == bytes.size()) return kOk;
  }
  // The engine sends the rest from our memory.
  if (kept_.size() <= at) kept_.resize(at + 1);
  kept_[at].emplace_back(bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
  const Span span(kept_[at].back());
  return Send(index, Spans(&span, 1));
}

void PortDriver::Forget(int32_t index) {
  if (static_cast<size_t>(index) < kept_.size()) kept_[static_cast<size_t>(index)].clear();
}

void PortDriver::Close(int32_t index) {
  engine_.Close(index, generations_[static_cast<size_t>(index)], CloseHow::kGraceful);
}

Status PortDriver::SetNoDelay(int32_t index) {
  return engine_.SetOption(index, generations_[static_cast<size_t>(index)], Option::kNoDelay, 1, 0,
                           0, 0);
}

void PortDriver::Submit(Operation operation, int32_t index) {
  if (control_[kSubmissionTail] - control_[kSubmissionHead] == kSubmissionCapacity) engine_.Flush();
  int32_t* const record = control_.data() + kSubmissionWords +
                          (control_[kSubmissionTail] & (kSubmissionCapacity - 1)) * kRecordWords;
  record[kSubmissionOperation] = static_cast<int32_t>(operation);
  record[kSubmissionIndex] = index;
  record[kSubmissionGeneration] = generations_[static_cast<size_t>(index)];
  record[kSubmissionArgument] = static_cast<int32_t>(ReceiveMode::kChunks);  // of a start
  control_[kSubmissionTail]++;
}

size_t PortDriver::Turn(int32_t timeout_ms) {
  engine_.Flush();
  engine_.Reap(timeout_ms);
  engine_.RefillCompletions();
  size_t count = 0;
  while (control_[kCompletionHead] != control_[kCompletionTail]) {
    const int32_t* const record =
        control_.data() + kCompletionWords +
        (control_[kCompletionHead] & (kCompletionCapacity - 1)) * kRecordWords;
    control_[kCompletionHead]++;
    count++;
    Hand(record);
    if (control_[kCompletionHead] == control_[kCompletionTail]) engine_.RefillCompletions();
  }
  return count;
}

void PortDriver::Hand(const int32_t* record) {
  const int32_t index = record[kCompletionIndex];
  int32_t& generation = generations_[static_cast<size_t>(index)];
  if (generation != record[kCompletionGeneration]) return;
  const Status status = record[kCompletionStatus];
  switch (static_cast<Completion>(record[kCompletionKind])) {
    case Completion::kConnected:
      return handler_.OnConnected(index, status);
    case Completion::kReceived:
      return handler_.OnReceived(index, arena_.data() + record[kCompletionOffset],
                                 static_cast<size_t>(record[kCompletionLength]));
    case Completion::kReceivable:
      return TakeLarge(index, record[kCompletionWaiting]);
    case Completion::kEnded:
      return handler_.OnLost(index, kOk);
    case Completion::kReceiveFailed:
      return handler_.OnLost(index, status);
    case Completion::kSent:
      if (engine_.QueuedBytes(index, generation) == 0) Forget(index);
      if (status != kOk) handler_.OnLost(index, status);
      return;
    case Completion::kClosed:
      generation = 0;
      Forget(index);
      return handler_.OnClosed(index);
    case Completion::kShut:
      return;
    case Completion::kAccepted:
    case Completion::kAcceptFailed:
      Fail("a completion of a listener, and there is none");
  }
}

// waiting: 0 if it is unknown.
void PortDriver::TakeLarge(int32_t index, int32_t waiting) {
  const int32_t generation = generations_[static_cast<size_t>(index)];
  const int32_t bytes = waiting > 0 ? waiting : kReceivableBytesMax;
  for (auto left = static_cast<size_t>(bytes); left > 0;) {
    const size_t length = std::min(left, large_.size());
    const int64_t received = engine_.Receive(index, generation, large_.data(), length);
    if (received > 0) {
      handler_.OnReceived(index, large_.data(), static_cast<size_t>(received));
    } else if (received != UV__EAGAIN) {
      handler_.OnLost(index, static_cast<Status>(received));
    }
    // Short, ended or failed: nothing more waits.
    if (received != static_cast<int64_t>(length)) return;
    left -= length;
  }
}

}  // namespace iocp_net::bench

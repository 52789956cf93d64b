// The two rings over the shared control block. One thread uses both ends, so plain loads and stores
// are enough.
#ifndef IOCP_NET_PORT_RINGS_H_
#define IOCP_NET_PORT_RINGS_H_

#include <cassert>
#include <cstdint>
#include <deque>

#include "port/layout.h"
#include "port/status.h"

namespace iocp_net {

struct Submission {
  Operation operation;
  int32_t index;
  int32_t generation;
  int32_t argument;
};

// JavaScript produces, the port takes. The memory is JavaScript's to spoil: what the port has taken
// it knows itself, and a tail that cannot be is no reason to read on for ever.
class SubmissionRing {
 public:
  explicit SubmissionRing(int32_t* control = nullptr) : control_(control) {}

  bool Empty() const { return Length() == 0; }

  Submission Take() {
    assert(!Empty());
    const int32_t* record =
        control_ + kSubmissionWords + (head_ & (kSubmissionCapacity - 1)) * kRecordWords;
    head_ = Next(head_);
    control_[kSubmissionHead] = head_;
    return {static_cast<Operation>(record[kSubmissionOperation]), record[kSubmissionIndex],
            record[kSubmissionGeneration], record[kSubmissionArgument]};
  }

 private:
  static int32_t Next(int32_t at) { return static_cast<int32_t>(static_cast<uint32_t>(at) + 1); }

  uint32_t Length() const {
    const uint32_t length =
        static_cast<uint32_t>(control_[kSubmissionTail]) - static_cast<uint32_t>(head_);
    return length <= kSubmissionCapacity ? length : 0;
  }

  int32_t* control_;
  int32_t head_ = 0;
};

struct CompletionRecord {
  Completion completion;
  int32_t index;
  int32_t generation;
  Status status = kOk;
  int32_t a = 0;
  int32_t b = 0;
};

// The port produces, JavaScript takes. What does not fit waits in order and moves in when there is
// room: a completion is never lost, and the ring never has to be larger than one batch.
class CompletionRing {
 public:
  explicit CompletionRing(int32_t* control = nullptr) : control_(control) {}

  // Never more than there is room for, whatever JavaScript has made of its head.
  int32_t Length() const {
    const uint32_t length =
        static_cast<uint32_t>(tail_) - static_cast<uint32_t>(control_[kCompletionHead]);
    return length <= kCompletionCapacity ? static_cast<int32_t>(length) : kCompletionCapacity;
  }
  bool Empty() const { return Length() == 0 && overflow_.empty(); }
  // Room for a producer that can choose to wait; the reserve is for those that cannot.
  bool HasRoom() const { return overflow_.empty() && Length() < kCompletionCapacity - kReserve; }

  void Post(const CompletionRecord& record) {
    if (!overflow_.empty() || Length() == kCompletionCapacity) {
      overflow_.push_back(record);
    } else {
      Write(record);
    }
  }

  void Refill() {
    while (!overflow_.empty() && Length() < kCompletionCapacity) {
      Write(overflow_.front());
      overflow_.pop_front();
    }
  }

 private:
  static constexpr int32_t kReserve = 64;

  void Write(const CompletionRecord& record) {
    int32_t* words =
        control_ + kCompletionWords + (tail_ & (kCompletionCapacity - 1)) * kRecordWords;
    words[kCompletionKind] = static_cast<int32_t>(record.completion);
    words[kCompletionIndex] = record.index;
    words[kCompletionGeneration] = record.generation;
    words[kCompletionStatus] = record.status;
    words[kCompletionOffset] = record.a;
    words[kCompletionLength] = record.b;
    tail_ = static_cast<int32_t>(static_cast<uint32_t>(tail_) + 1);
    control_[kCompletionTail] = tail_;
  }

  int32_t* control_;
  int32_t tail_ = 0;
  std::deque<CompletionRecord> overflow_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_RINGS_H_

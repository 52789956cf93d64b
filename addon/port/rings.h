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
  int32_t a;
  int32_t b;
};

// JavaScript produces, the port takes.
class SubmissionRing {
 public:
  explicit SubmissionRing(int32_t* control = nullptr) : control_(control) {}

  bool Empty() const { return control_[kSubmissionHead] == control_[kSubmissionTail]; }

  Submission Take() {
    assert(!Empty());
    const int32_t head = control_[kSubmissionHead];
    const int32_t* record =
        control_ + kSubmissionWords + (head & (kSubmissionCapacity - 1)) * kRecordWords;
    control_[kSubmissionHead] = Next(head);
    return {static_cast<Operation>(record[0]), record[1], record[2], record[3], record[4]};
  }

  // The slab is free again once no waiting submission refers to it.
  void ReleaseSlab() { control_[kSlabUsed] = 0; }

 private:
  static int32_t Next(int32_t at) { return static_cast<int32_t>(static_cast<uint32_t>(at) + 1); }

  int32_t* control_;
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

  int32_t Length() const {
    return static_cast<int32_t>(static_cast<uint32_t>(control_[kCompletionTail]) -
                                static_cast<uint32_t>(control_[kCompletionHead]));
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
    const int32_t tail = control_[kCompletionTail];
    int32_t* words =
        control_ + kCompletionWords + (tail & (kCompletionCapacity - 1)) * kRecordWords;
    words[0] = static_cast<int32_t>(record.completion);
    words[1] = record.index;
    words[2] = record.generation;
    words[3] = record.status;
    words[4] = record.a;
    words[5] = record.b;
    control_[kCompletionTail] = static_cast<int32_t>(static_cast<uint32_t>(tail) + 1);
  }

  int32_t* control_;
  std::deque<CompletionRecord> overflow_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_RINGS_H_

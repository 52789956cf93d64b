// What a program knows of its endpoints and of the bytes that it has written, and what must
// therefore hold.
#ifndef IOCP_NET_TEST_SIM_MODEL_H_
#define IOCP_NET_TEST_SIM_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "pattern.h"
#include "port/engine.h"
#include "sim/kernel.h"

namespace iocp_net::test {

// One direction of a connection, named by the socket that sends.
struct Flow {
  uint64_t id = 0;
  std::shared_ptr<sim::Link> link;
  uint64_t written = 0;  // handed to the port, or to the kernel by a peer
  uint64_t received = 0;
  // The program, or a peer, has the sending end. Otherwise it may close any time: a connection that
  // was never accepted, or whose program has ended before it was reported.
  bool owned = false;
  // A send has failed: how many bytes were to arrive is not known any more.
  bool broken = false;
  // The sender has ended its direction: this many bytes arrive before the end.
  bool ended = false;
  uint64_t final_min = 0;
  uint64_t final_max = 0;

  void End(uint64_t unsent) {
    final_min = ended ? std::min(final_min, written - unsent) : written - unsent;
    final_max = written;
    ended = true;
  }
  bool Whole() const { return owned && !broken && !link->disturbed; }
  void Receive(const uint8_t* bytes, size_t length);
  void OnEnd() const;
};

// A send that left bytes to the queue; answered by one kSent.
struct Shortfall {
  uint64_t sequence;  // completions that had been posted before
  uint64_t written;
  std::unique_ptr<std::vector<uint8_t>> borrowed;
};

struct Owner {
  uint64_t serial = 0;
  int32_t index = 0;
  int32_t generation = 0;
  EndpointKind kind = EndpointKind::kTcp;
  bool listener = false;
  bool connecting = false;
  bool refused = false;
  bool closing = false;
  uint64_t close_sequence = 0;

  // A listener.
  Address address;
  bool resting = false;  // kAcceptFailed
  uint32_t accept_starts = 1;
  uint32_t accept_failures = 0;

  // A stream.
  uint64_t socket = 0;  // the kernel's
  Flow* out = nullptr;
  Flow* in = nullptr;
  bool receiving = false;  // as submitted
  ReceiveMode mode = ReceiveMode::kChunks;
  bool receive_on = false;  // as flushed
  uint64_t receive_sequence = 0;
  bool receivable = false;  // announced, not taken yet
  bool over = false;        // ended or failed
  uint64_t over_sequence = 0;
  bool send_failed = false;
  bool shut_asked = false;
  bool shut = false;
  std::deque<Shortfall> shortfalls;
  uint32_t turns_queued = 0;

  bool Open() const { return !listener && !connecting && !refused && !closing; }
  bool CanSend() const { return Open() && !shut_asked && !send_failed; }
};

// A process on the other side: it uses the kernel directly.
struct Peer {
  uint64_t serial = 0;
  int fd = -1;
  bool listener = false;
  EndpointKind kind = EndpointKind::kTcp;
  Address address;
  Flow* out = nullptr;
  Flow* in = nullptr;
  bool connecting = false;
  bool shut = false;
  bool over = false;
};

}  // namespace iocp_net::test

#endif  // IOCP_NET_TEST_SIM_MODEL_H_

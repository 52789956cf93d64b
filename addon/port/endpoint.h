// One end of a stream, or a listener: a slot that is addressed by index and generation.
#ifndef IOCP_NET_PORT_ENDPOINT_H_
#define IOCP_NET_PORT_ENDPOINT_H_

#include <array>
#include <cassert>
#include <cstdint>
#include <memory>
#include <vector>

#include "port/layout.h"
#include "port/send_queue.h"
#include "port/status.h"

#ifdef IOCP_NET_SIM
#include "sim/native_endpoint.h"
#elif defined(_WIN32)
#include "iocp/native_endpoint.h"
#else
#include "epoll/native_endpoint.h"
#endif

namespace iocp_net {

// A slot's life: free -> (connecting -> answered ->) open or listening -> closing -> free.
// kAnswered: the system has answered the connect, and JavaScript does not know yet. kRefused: it
// does, and nothing is left to do but to close. A closing slot has been given to the backend, which
// answers with OnClosed once nothing of it is in flight.
enum class EndpointState : uint8_t {
  kFree,
  kConnecting,
  kAnswered,
  kRefused,
  kOpen,
  kListening,
  kClosing
};

// What JavaScript wants of what comes in: the bytes of a stream, the connections of a listener.
// kAnnounced: it has memory of its own for the bytes (ReceiveMode::kAnnounced).
enum class Interest : uint8_t { kNone, kDelivered, kAnnounced };

// What the backend has said about it. kOver: the end or a failure was reported, and nothing is
// received any more.
enum class Incoming : uint8_t { kAwaited, kThere, kOver };

// The end of our direction. kAsked stays: once is enough, and all that the backends know.
enum class ShutdownState : uint8_t { kNone, kAfterQueue, kAsked };

// Whether a list of the engine's holds the endpoint for its turn; kAfterBytes: it was put there
// after bytes that JavaScript has not seen yet.
enum class Queued : uint8_t { kNo, kYes, kAfterBytes };

// What is done once the receive that waits in the ready list has been served: the queue has room
// again and moves on, or kShut is reported.
enum class Deferred : uint8_t { kNothing, kQueue, kShut };

struct Endpoint {
  uint32_t index = 0;
  int32_t generation = 0;
  EndpointState state = EndpointState::kFree;
  EndpointKind kind = EndpointKind::kTcp;

  Interest interest = Interest::kNone;
  Incoming incoming = Incoming::kAwaited;
  bool large = false;  // the last receive brought much: the next one probably will
  ShutdownState shutdown = ShutdownState::kNone;

  Queued queued = Queued::kNo;
  Deferred deferred = Deferred::kNothing;
  bool answered_at_once = false;  // the last WatchReceive, while the endpoint is queued
  Endpoint* next_ready = nullptr;

  Status connect_status = kOk;
  Status send_status = kOk;  // why the queue was given up: nothing may be sent in its place
  // Only while something waits to be sent; kSent is owed then.
  std::unique_ptr<SendQueue> queue;

  NativeEndpoint native;

  bool Wants() const { return interest != Interest::kNone; }
  // Something to serve, once it is the endpoint's turn.
  bool Servable() const { return Wants() && incoming == Incoming::kThere; }
};

#ifdef NDEBUG
// What an idle connection costs in native memory; hard limit of the design.
static_assert(sizeof(Endpoint) <= 200,
              "an idle connection's native state must stay within 200 bytes");
#endif

// Slots grow in blocks as connections come; their addresses never change.
class EndpointTable {
 public:
  Endpoint& Allocate() {
    if (free_.empty()) Grow();
    Endpoint& endpoint = At(free_.back());
    free_.pop_back();
    assert(endpoint.state == EndpointState::kFree);
    open_++;
    return endpoint;
  }

  void Free(Endpoint& endpoint) {
    assert(endpoint.state != EndpointState::kFree);
    const uint32_t index = endpoint.index;
    // Never negative and never 0, so that a cleared record cannot name a live endpoint.
    const int32_t generation = endpoint.generation == INT32_MAX ? 1 : endpoint.generation + 1;
    const Queued queued = endpoint.queued;
    Endpoint* const next_ready = endpoint.next_ready;
    std::destroy_at(&endpoint);
    std::construct_at(&endpoint);
    endpoint.index = index;
    endpoint.generation = generation;
    // Its list finds a free slot there and passes over it.
    endpoint.queued = queued == Queued::kNo ? Queued::kNo : Queued::kYes;
    endpoint.next_ready = next_ready;
    retired_.push_back(index);
    open_--;
  }

  // Gives retired indices back, once nothing that JavaScript has not seen yet names them: it finds
  // an endpoint by its index, so kClosed must reach it before another endpoint takes the place.
  void Recycle() {
    free_.insert(free_.end(), retired_.rbegin(), retired_.rend());
    retired_.clear();
  }

  // Null when the slot has moved on: a stale submission.
  Endpoint* Find(int32_t index, int32_t generation) {
    if (static_cast<size_t>(static_cast<uint32_t>(index)) >= blocks_.size() * kBlock)
      return nullptr;
    Endpoint& endpoint = At(static_cast<uint32_t>(index));
    if (endpoint.generation != generation || endpoint.state == EndpointState::kFree) return nullptr;
    return &endpoint;
  }

  size_t Open() const { return open_; }

  template <typename Visit>
  void ForEachOpen(Visit visit) {
    for (auto& block : blocks_) {
      for (Endpoint& endpoint : *block) {
        if (endpoint.state != EndpointState::kFree) visit(endpoint);
      }
    }
  }

 private:
  static constexpr uint32_t kBlock = 128;
  using Block = std::array<Endpoint, kBlock>;

  Endpoint& At(uint32_t index) { return (*blocks_[index / kBlock])[index % kBlock]; }

  void Grow() {
    const auto base = static_cast<uint32_t>(blocks_.size() * kBlock);
    blocks_.push_back(std::make_unique<Block>());
    // Lowest index on top: JavaScript's table of owners stays dense.
    for (uint32_t i = kBlock; i-- > 0;) {
      At(base + i).index = base + i;
      At(base + i).generation = 1;
      free_.push_back(base + i);
    }
  }

  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<uint32_t> free_;
  std::vector<uint32_t> retired_;
  size_t open_ = 0;
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_ENDPOINT_H_

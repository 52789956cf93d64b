// The port without Node: memory for one engine, its submissions, and the loop that hands
// completions on.
#ifndef IOCP_NET_BENCHMARKS_PORT_DRIVER_H_
#define IOCP_NET_BENCHMARKS_PORT_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "port/engine.h"

namespace iocp_net::bench {

// What happens to connections, by the endpoint's index. The generation of the slot is the driver's
// business: a handler sees completions of open connections only.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void OnConnected(int32_t index, Status status) = 0;
  virtual void OnReceived(int32_t index, const uint8_t* bytes, size_t length) = 0;
  // The peer has ended (kOk), or the connection has failed in either direction.
  virtual void OnLost(int32_t index, Status status) = 0;
  virtual void OnClosed(int32_t index) = 0;
};

class PortDriver {
 public:
  explicit PortDriver(Handler& handler);
  PortDriver(const PortDriver&) = delete;
  PortDriver& operator=(const PortDriver&) = delete;

  // The new connection's index, or a negative status.
  int32_t Connect(const Address& peer, const Address* local);
  // The spans' memory must live until the connection is closed.
  Status Send(int32_t index, Spans spans);
  // The same for bytes that may be used again at once.
  Status SendCopy(int32_t index, const std::vector<uint8_t>& bytes);
  Status SetNoDelay(int32_t index);
  void StartReceiving(int32_t index) { Submit(Operation::kReceiveStart, index); }
  void StopReceiving(int32_t index) { Submit(Operation::kReceiveStop, index); }
  void Close(int32_t index);

  // One batch: submissions, events (waiting up to timeout_ms for the first), completions. Returns
  // how many completions there were.
  size_t Turn(int32_t timeout_ms);

 private:
  void Submit(Operation operation, int32_t index);
  void Hand(const int32_t* record);
  void Forget(int32_t index);
  void TakeLarge(int32_t index, int32_t waiting);

  Handler& handler_;
  std::vector<int32_t> control_;
  std::vector<double> counters_;
  std::vector<uint8_t> slab_;
  std::vector<uint8_t> arena_;
  std::vector<uint8_t> large_;  // a chunk that is not received into the arena
  // By index: what the engine still sends from; a queue's elements do not move.
  std::vector<std::deque<std::vector<uint8_t>>> kept_;
  std::vector<int32_t> generations_;  // by index; 0: not ours
  Engine engine_;                     // last: it goes before the memory that it uses
};

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_PORT_DRIVER_H_

// An open socket of the simulated kernel.
#ifndef IOCP_NET_SIM_SOCKET_H_
#define IOCP_NET_SIM_SOCKET_H_

#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "port/address.h"
#include "port/status.h"

namespace iocp_net::sim {

enum Readiness : uint32_t { kIn = 1, kOut = 2, kPeerShut = 4, kHangUp = 8, kFailure = 16 };

// Bytes in order, of which the first `arrived` are there for the receiver; the others are on their
// way, and take up the sender's buffer.
class Channel {
 public:
  size_t arrived = 0;
  bool fin = false;  // the sender has ended its direction, after the last byte
  bool fin_arrived = false;

  size_t Size() const { return bytes_.size() - head_; }
  size_t InFlight() const { return Size() - arrived; }
  void Append(const uint8_t* bytes, size_t length) {
    bytes_.insert(bytes_.end(), bytes, bytes + length);
  }
  void Take(uint8_t* into, size_t length) {
    std::memcpy(into, bytes_.data() + head_, length);
    head_ += length;
    arrived -= length;
    if (head_ == bytes_.size()) {
      bytes_.clear();
      head_ = 0;
    } else if (head_ > kCompactBytes) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }
  // An end that is on its way does not arrive without the bytes before it.
  void DropInFlight() {
    bytes_.resize(head_ + arrived);
    fin = fin_arrived;
  }

 private:
  static constexpr size_t kCompactBytes = 64 * 1024;

  std::vector<uint8_t> bytes_;
  size_t head_ = 0;
};

struct Registration {
  int set;
  int fd;
  uint64_t data;
  bool pending = false;  // an edge that has not been reported
};

// What both ends of a connection have in common; a test may keep it beyond their lives.
struct Link {
  bool disturbed = false;  // reset or lost: bytes may be missing at the end
};

struct Socket {
  enum class State : uint8_t { kFresh, kListening, kConnecting, kConnected, kRefused };

  uint64_t id = 0;
  EndpointKind kind = EndpointKind::kTcp;
  int32_t family = 4;
  State state = State::kFresh;
  int references = 0;  // descriptors here, and in other processes
  bool bound = false;
  bool share_port = false;
  bool ipv6_only = false;
  bool reset_on_close = false;
  bool connect_untold = false;
  Address local;
  Address peer;
  std::vector<Registration> registrations;

  // A stream.
  uint64_t peer_id = 0;
  std::shared_ptr<Link> link;
  Channel in;
  bool fin_sent = false;
  bool dead = false;      // reset or lost
  bool no_space = false;  // a send was cut short: room will be an edge
  Status error = kOk;     // SO_ERROR
  uint64_t sent_bytes = 0;
  uint64_t received_bytes = 0;

  // A listener.
  int32_t backlog_max = 0;
  std::deque<uint64_t> backlog;  // connections that nobody has accepted
  std::deque<uint64_t> waiting;  // clients that found the backlog full
};

}  // namespace iocp_net::sim

#endif  // IOCP_NET_SIM_SOCKET_H_

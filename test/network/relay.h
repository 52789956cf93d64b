// Passes IP packets between two TUN devices, and does to them what a plan says.
#ifndef IOCP_NET_TEST_NETWORK_RELAY_H_
#define IOCP_NET_TEST_NETWORK_RELAY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "epoll/descriptor.h"
#include "sim/random.h"

namespace iocp_net::network {

struct Plan {
  // What becomes of the n-th packet of a direction is a function of this, of n and of the
  // direction.
  uint64_t seed = 1;
  // How many of 1000 packets: lost; one byte changed; twice; held back while later ones overtake.
  uint32_t loss = 0;
  uint32_t corruption = 0;
  uint32_t duplication = 0;
  uint32_t reordering = 0;
  // Payload changed so that the checksum still holds: what no network does, to see that it is
  // found.
  uint32_t forgery = 0;
  // Of every packet, in order: this long, and up to this much longer.
  uint32_t delay_ms = 0;
  uint32_t jitter_ms = 0;
  // Once in so many packets nothing passes for so long; the first time before as many. 0: never.
  uint32_t outage_every = 0;
  uint32_t outage_ms = 0;
};

struct Figures {
  uint64_t packets = 0;    // that came from a device
  uint64_t delivered = 0;  // that were given to a device
  uint64_t lost = 0;
  uint64_t corrupted = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;
  uint64_t forged = 0;
  uint64_t delayed = 0;
  uint64_t outages = 0;
  uint64_t lost_in_outages = 0;
};

class Relay {
 public:
  Relay(const Plan& plan, int first_tun, int second_tun);

  // Until `control` is at its end.
  void Run(int control);
  const Figures& figures() const { return figures_; }

 private:
  struct Packet {
    size_t direction;
    bool corrupted;
    std::vector<uint8_t> bytes;
  };

  void ReadAll(size_t direction);
  void Take(size_t direction, std::span<const uint8_t> bytes);
  bool InOutage();
  void Pass(Packet packet, uint64_t due_ms);
  void Deliver(const Packet& packet);
  void DeliverDue();
  void Tick();
  void SetTimer();

  const Plan plan_;
  const std::array<int, 2> tuns_;
  const Descriptor timer_;
  bool timer_runs_ = false;
  uint64_t now_ms_ = 0;  // of the timer, which stands while nothing waits
  std::array<uint64_t, 2> taken_{};
  std::array<uint64_t, 2> last_due_ms_{};
  // By the time they are due, and in the order in which they came.
  std::map<std::pair<uint64_t, uint64_t>, Packet> waiting_;
  uint64_t order_ = 0;
  uint64_t before_outage_;  // packets that still pass
  uint64_t outage_until_ms_ = 0;
  Figures figures_;
};

}  // namespace iocp_net::network

#endif  // IOCP_NET_TEST_NETWORK_RELAY_H_

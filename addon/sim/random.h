// Everything in the simulation that could go one way or another comes from one seed.
#ifndef IOCP_NET_SIM_RANDOM_H_
#define IOCP_NET_SIM_RANDOM_H_

#include <cstddef>
#include <cstdint>

namespace iocp_net::sim {

// SplitMix64: a single word of state, good enough here and the same on every system.
class Random {
 public:
  explicit Random(uint64_t seed = 0) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  // Below a bound that is not 0.
  size_t Below(size_t bound) { return static_cast<size_t>(Next() % bound); }
  // 1 to `most`.
  size_t UpTo(size_t most) { return 1 + Below(most); }
  // True `of_65536` times of 65536. What never happens uses up no number.
  bool Chance(uint32_t of_65536) { return of_65536 != 0 && (Next() & 0xffff) < of_65536; }

 private:
  uint64_t state_;
};

}  // namespace iocp_net::sim

#endif  // IOCP_NET_SIM_RANDOM_H_

// Time that has passed, and time that a processor worked for this process.
#ifndef IOCP_NET_BENCHMARKS_CLOCK_H_
#define IOCP_NET_BENCHMARKS_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace iocp_net::bench {

inline int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct ProcessTimes {
  int64_t user_ns = 0;
  int64_t system_ns = 0;
  int64_t Total() const { return user_ns + system_ns; }
};

ProcessTimes OwnTimes();
int64_t OwnResidentBytes();

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_CLOCK_H_

// A measurement that went wrong is none: the program says why and ends.
#ifndef IOCP_NET_BENCHMARKS_FAILURE_H_
#define IOCP_NET_BENCHMARKS_FAILURE_H_

#include <cstdint>
#include <string>

namespace iocp_net::bench {

// status: one of libuv's negative error numbers, or 0 where there is none.
[[noreturn]] void Fail(const std::string& what, int32_t status = 0);

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_FAILURE_H_

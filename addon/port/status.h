// Every failure of the port is one of libuv's negative error numbers: what Node can name.
#ifndef IOCP_NET_PORT_STATUS_H_
#define IOCP_NET_PORT_STATUS_H_

#include <uv/errno.h>

#include <cstddef>
#include <cstdint>

namespace iocp_net {

using Status = int32_t;
inline constexpr Status kOk = 0;

// The result of one attempt to move bytes: how many, or why not.
struct Transfer {
  enum class Outcome : uint8_t { kMoved, kEnded, kWouldBlock, kFailed };
  Outcome outcome;
  size_t bytes = 0;     // kMoved
  Status status = kOk;  // kFailed
  // kMoved on receive: what may follow. kNothing: the kernel had no more than this. kEnd: all bytes
  // were taken, and the end is there already; libuv finds it when it looks at the system again.
  enum class Rest : uint8_t { kMore, kEnd, kNothing };
  Rest rest = Rest::kMore;

  static Transfer Moved(size_t bytes, Rest rest = Rest::kMore) {
    return {Outcome::kMoved, bytes, kOk, rest};
  }
  static Transfer Ended() { return {Outcome::kEnded}; }
  static Transfer WouldBlock() { return {Outcome::kWouldBlock}; }
  static Transfer Failed(Status status) { return {Outcome::kFailed, 0, status}; }
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_STATUS_H_

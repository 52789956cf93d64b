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
  size_t bytes = 0;      // kMoved
  Status status = kOk;   // kFailed
  bool drained = false;  // kMoved on receive: the kernel had no more than this

  static Transfer Moved(size_t bytes, bool drained = false) {
    return {Outcome::kMoved, bytes, kOk, drained};
  }
  static Transfer Ended() { return {Outcome::kEnded, 0, kOk, false}; }
  static Transfer WouldBlock() { return {Outcome::kWouldBlock, 0, kOk, false}; }
  static Transfer Failed(Status status) { return {Outcome::kFailed, 0, status, false}; }
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_STATUS_H_

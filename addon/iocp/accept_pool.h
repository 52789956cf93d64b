// A listener: a pool of operations that wait for connections, and the connections they have
// brought. Those wait here until they are taken; an operation whose connection was taken is posted
// again at once, so that what nobody takes fills the pool and then the system's backlog.
#ifndef IOCP_NET_IOCP_ACCEPT_POOL_H_
#define IOCP_NET_IOCP_ACCEPT_POOL_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "iocp/handle.h"
#include "iocp/operation.h"
#include "port/status.h"

namespace iocp_net {

struct AcceptOperation : IoOperation {
  void Complete(Transport& transport, Endpoint& endpoint, Status status, size_t bytes) override;

  // AcceptEx wants 16 bytes beyond the largest address (of IPv6: 28), twice. They are never read:
  // getsockname and getpeername know more.
  static constexpr uint32_t kAddressBytes = 28 + 16;

  HANDLE handle = INVALID_HANDLE_VALUE;  // the connection to be
  bool skip_on_success = false;
  uint8_t addresses[2 * kAddressBytes];
};

// What an attempt to wait for a connection has come to.
struct Posted {
  enum class Outcome : uint8_t { kInFlight, kArrived, kFailed };

  static Posted InFlight() { return {Outcome::kInFlight, kOk}; }
  // A connection was waiting.
  static Posted Arrived() { return {Outcome::kArrived, kOk}; }
  // UV__ECONNRESET: a connection was waiting and is gone.
  static Posted Failed(Status status);

  Outcome outcome;
  Status status;  // kFailed: never UV__EAGAIN
};

class AcceptPool {
 public:
  AcceptPool() = default;
  AcceptPool(const AcceptPool&) = delete;
  AcceptPool& operator=(const AcceptPool&) = delete;
  virtual ~AcceptPool() = default;

  // Posts the whole pool. Fails when not one could be posted.
  Status Start(Endpoint& endpoint, size_t size);
  // Whether Take has something to say: a connection, or a failure.
  bool Acceptable(const Endpoint& endpoint) const;
  // The oldest connection that waits. UV__EAGAIN: none does, and some operation is in flight. Any
  // other failure: none does, and no operation could be posted. Every call tries to post those that
  // could not be before, so a listener never stays deaf.
  Status Take(Endpoint& endpoint, HANDLE* handle, bool* skip_on_success);
  // A packet of the pool.
  void OnAccepted(Endpoint& endpoint, AcceptOperation& operation, Status status);
  // Cancels what is in flight, closes what was not taken, and ends the listening.
  virtual void Close(Endpoint& endpoint) = 0;

 protected:
  // One attempt: opens the operation's handle and starts to wait. When it fails nothing is left
  // open.
  virtual Posted Post(Endpoint& endpoint, AcceptOperation& operation) = 0;
  // Makes a connection that has come a full one.
  virtual bool Finish(Endpoint& endpoint, AcceptOperation& operation) = 0;
  virtual void CloseConnection(AcceptOperation& operation) = 0;

  std::vector<std::unique_ptr<AcceptOperation>> operations_;

 private:
  Status PostAgain(Endpoint& endpoint, AcceptOperation& operation);
  Status PostResting(Endpoint& endpoint);

  std::deque<AcceptOperation*> accepted_;
  std::vector<AcceptOperation*> resting_;  // could not be posted
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_ACCEPT_POOL_H_

// The I/O completion port of one engine, and the book of what is in flight.
#ifndef IOCP_NET_IOCP_COMPLETION_QUEUE_H_
#define IOCP_NET_IOCP_COMPLETION_QUEUE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "iocp/handle.h"
#include "iocp/operation.h"
#include "iocp/sleeper.h"
#include "port/status.h"

namespace iocp_net {

class CompletionQueue {
 public:
  // Called for every operation that has come to its end.
  class Dispatcher {
   public:
    virtual void Dispatch(IoOperation& operation, Status status, size_t bytes) = 0;

   protected:
    ~Dispatcher() = default;
  };

  Status Open();
  // Packets of this handle come here from now on. `skip_on_success`, when wanted and granted:
  // operations that succeed at once leave no packet.
  Status Associate(HANDLE handle, bool* skip_on_success);

  // Before the call that starts an operation.
  void Begin(Endpoint& endpoint, IoOperation& operation);
  // It did not start, or ended at once without a packet.
  void End(IoOperation& operation);
  // It ended at once without a packet, and the next Wait reports it like the others: callbacks
  // run from one place only, never from inside the call that started an operation.
  void Decide(IoOperation& operation, Status status, size_t bytes = 0);
  // Any thread: the operation, begun before, has ended.
  void Post(IoOperation& operation);

  // Dispatches what has ended: waits up to timeout_ms (-1: for ever) for the first. The number of
  // operations, or -1 when the port is broken.
  int32_t Wait(int32_t timeout_ms, Dispatcher& dispatcher);
  // A packet is on its way: the next look at the port is not to be left to the helper.
  void Expect() { drained_ = false; }
  // Whether the last Wait left nothing that it could have seen, and the helper has nothing
  // in hand either: with packets in hand it cannot be armed, and would not wake anybody.
  bool Drained() const {
    return drained_ && decided_.empty() && (sleeper_ == nullptr || !sleeper_->Full());
  }

  // For a loop that sleeps elsewhere. A Wait that blocks stops the helper for good: it would take
  // away what that Wait is waiting for.
  Status StartSleeper(Sleeper::Wake wake, void* argument);
  void Arm();

 private:
  int32_t DispatchEntries(const OVERLAPPED_ENTRY* entries, ULONG count, Dispatcher& dispatcher);
  int32_t DispatchDecided(Dispatcher& dispatcher);

  Handle port_;
  std::vector<IoOperation*> decided_;
  std::unique_ptr<Sleeper> sleeper_;
  Sleeper::Wake wake_ = nullptr;
  void* wake_argument_ = nullptr;
  bool drained_ = true;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_COMPLETION_QUEUE_H_

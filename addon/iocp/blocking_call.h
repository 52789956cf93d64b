// A call that can only block, made on a thread of the system's pool. Its end is a packet.
#ifndef IOCP_NET_IOCP_BLOCKING_CALL_H_
#define IOCP_NET_IOCP_BLOCKING_CALL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

#include "iocp/completion_queue.h"
#include "iocp/handle.h"
#include "iocp/operation.h"

namespace iocp_net {

class BlockingCall {
 public:
  // Answers with the system's error. It may ask Cancelled() between two blocking steps.
  using Function = std::function<uint32_t()>;

  BlockingCall() = default;
  BlockingCall(const BlockingCall&) = delete;
  BlockingCall& operator=(const BlockingCall&) = delete;

  // `operation` has begun, and ends with the call. Until then this object must live. Answers with
  // the system's error; 0: the packet comes.
  uint32_t Start(CompletionQueue& queue, IoOperation& operation, Function function);
  // Interrupts it. When this returns, the function has returned or will never run; the operation's
  // packet still comes.
  void Cancel();
  bool Cancelled() const { return cancelled_; }
  // What the call answered; once the operation has ended.
  uint32_t error() const { return error_; }

 private:
  enum class State { kIdle, kWaiting, kRunning };

  static void CALLBACK Main(PTP_CALLBACK_INSTANCE instance, void* self);
  void Run();

  CompletionQueue* queue_ = nullptr;
  IoOperation* operation_ = nullptr;
  Function function_;
  uint32_t error_ = 0;
  std::mutex mutex_;  // of state_ and thread_
  State state_ = State::kIdle;
  Handle thread_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_BLOCKING_CALL_H_

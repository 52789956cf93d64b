// What a named pipe's connection keeps beyond a socket's.
#ifndef IOCP_NET_IOCP_PIPE_CONNECTION_H_
#define IOCP_NET_IOCP_PIPE_CONNECTION_H_

#include <atomic>
#include <memory>
#include <string>

#include "iocp/blocking_call.h"
#include "iocp/completion_queue.h"
#include "iocp/handle.h"
#include "iocp/operation.h"

namespace iocp_net {

// Posts an operation after a while.
class PostTimer {
 public:
  PostTimer() = default;
  PostTimer(const PostTimer&) = delete;
  PostTimer& operator=(const PostTimer&) = delete;
  ~PostTimer();

  bool Start(CompletionQueue& queue, IoOperation& operation, uint32_t delay_ms);
  // True when the packet does not come any more.
  bool Cancel();

 private:
  static void CALLBACK Fire(PTP_CALLBACK_INSTANCE instance, void* self, PTP_TIMER timer);

  CompletionQueue* queue_ = nullptr;
  IoOperation* operation_ = nullptr;
  PTP_TIMER timer_ = nullptr;
  std::atomic<bool> posted_{false};
};

class Pipe;

struct FlushOperation final : IoOperation {
  explicit FlushOperation(Pipe& owner) : pipe(owner) {}
  void Complete(Transport& transport, Endpoint& endpoint, Status status, size_t bytes) override;
  Pipe& pipe;
};

struct SilenceOperation final : IoOperation {
  explicit SilenceOperation(Pipe& owner) : pipe(owner) {}
  void Complete(Transport& transport, Endpoint& endpoint, Status status, size_t bytes) override;
  Pipe& pipe;
};

// What happens on other threads: opening a pipe that was busy, and the two steps of an end.
struct PipeWork {
  explicit PipeWork(Pipe& pipe) : flush(pipe), silence(pipe) {}

  BlockingCall call;  // the opening; later the flush
  Handle opened;
  FlushOperation flush;
  SilenceOperation silence;
  PostTimer timer;  // of the silence
};

struct PipeConnection {
  explicit PipeConnection(std::shared_ptr<const std::string> pipe_name)
      : name(std::move(pipe_name)) {}

  // A pipe has no half-close. Our direction ends when the peer has read everything (the flush) and
  // the peer's has been silent for a while (the timer): then the pipe is closed as a whole.
  enum class Ending : uint8_t { kNone, kFlushing, kFlushed, kTiming, kForced };

  PipeWork& Work(Pipe& pipe) {
    if (work == nullptr) work = std::make_unique<PipeWork>(pipe);
    return *work;
  }

  const std::shared_ptr<const std::string> name;  // the listener's connections share theirs
  std::unique_ptr<PipeWork> work;                 // an idle connection has none
  Ending ending = Ending::kNone;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_PIPE_CONNECTION_H_

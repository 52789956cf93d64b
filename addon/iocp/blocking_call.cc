#include "iocp/blocking_call.h"

#include <utility>

// Of the linker: the start of the module that this code is in.
extern "C" IMAGE_DOS_HEADER __ImageBase;

namespace iocp_net {

uint32_t BlockingCall::Start(CompletionQueue& queue, IoOperation& operation, Function function) {
  queue_ = &queue;
  operation_ = &operation;
  function_ = std::move(function);
  state_ = State::kWaiting;
  // The packet overtakes the return of the pool's thread: a worker thread that alone has loaded the
  // addon may end meanwhile, and must not unload the code under it.
  TP_CALLBACK_ENVIRON environment;
  ::InitializeThreadpoolEnvironment(&environment);
  ::SetThreadpoolCallbackLibrary(&environment, &__ImageBase);
  if (::TrySubmitThreadpoolCallback(Main, this, &environment)) return 0;
  state_ = State::kIdle;
  return ::GetLastError();
}

void CALLBACK BlockingCall::Main(PTP_CALLBACK_INSTANCE instance, void* self) {
  ::CallbackMayRunLong(instance);
  static_cast<BlockingCall*>(self)->Run();
}

void BlockingCall::Run() {
  error_ = ERROR_OPERATION_ABORTED;
  bool runs = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!cancelled_) {
      thread_ = Handle(::OpenThread(THREAD_TERMINATE, FALSE, ::GetCurrentThreadId()));
      // What could not be interrupted would keep Cancel, and the loop with it, for as long as it
      // blocks.
      runs = thread_.valid();
      if (runs) state_ = State::kRunning;
      if (!runs) error_ = ::GetLastError();
    }
  }
  if (runs) error_ = function_();
  CompletionQueue& queue = *queue_;
  IoOperation& operation = *operation_;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    thread_.Close();
    state_ = State::kIdle;
  }
  queue.Post(operation);  // from here on this object may be gone
}

void BlockingCall::Cancel() {
  cancelled_ = true;
  for (;;) {
    {
      // Under the lock, so that a thread which has gone on to other work is not interrupted there.
      const std::lock_guard<std::mutex> lock(mutex_);
      if (state_ != State::kRunning) return;
      ::CancelSynchronousIo(thread_.get());
    }
    // It may not have come to the blocking step yet.
    ::SwitchToThread();
  }
}

}  // namespace iocp_net

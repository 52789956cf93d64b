#ifdef IOCP_NET_SIM

#include <chrono>

#include "binding/handle_loop.h"
#include "port/backend.h"
#include "sim/kernel.h"

// uv_hrtime in this build: how much work a turn has time for comes from the seed as well, where the
// kernel is to be a busy one.
extern "C" uint64_t uv_hrtime(void) {
  thread_local uint64_t simulated_ns = 0;
  iocp_net::sim::Kernel& kernel = *iocp_net::sim::Kernel::Current();
  const uint32_t busy_us = kernel.faults().busy_us;
  if (busy_us > 0) return simulated_ns += 1'000 * kernel.random().UpTo(busy_us);
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::nanoseconds(now).count());
}

namespace iocp_net {

namespace {

// A kernel in memory has no descriptor to sleep on, and its time goes on with each look at it.
// While it has something under way it is looked at once in every iteration, in the phase in which
// libuv looks at the system; otherwise nothing can happen without a call from this thread.
class SimLoop final : public HandleLoop<uv_async_t> {
 public:
  SimLoop(Engine& engine, TurnCallback turn, Callback after_poll, void* argument)
      : HandleLoop(engine, turn, after_poll, argument) {}

  int Open(uv_loop_t* loop) override {
    const int error = uv_async_init(loop, &source_, [](uv_async_t* source) { OnSource(source); });
    if (error != 0) return error;
    Start(loop);
    return 0;
  }

 private:
  // As in loop_epoll.cc, and then the poll is woken if the kernel has something: that is what a
  // readable descriptor would do.
  void Prepare() override {
    if (HasWork()) {
      Turn();
    } else if (awake_) {
      KeepAwake(false);  // a loop inside of a handler has taken what was left over
    }
    if (engine_.backend().Busy()) uv_async_send(&source_);
  }
};

}  // namespace

std::unique_ptr<Loop> Loop::Create(Engine& engine, TurnCallback turn, Callback after_poll,
                                   void* argument) {
  return std::make_unique<SimLoop>(engine, turn, after_poll, argument);
}

}  // namespace iocp_net

#endif  // IOCP_NET_SIM

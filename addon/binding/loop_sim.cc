#ifdef IOCP_NET_SIM

#include <array>
#include <chrono>

#include "binding/loop.h"
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
class SimLoop final : public Loop {
 public:
  SimLoop(Engine& engine, TurnCallback turn, void* argument)
      : engine_(engine), turn_(turn), argument_(argument) {}

  int Open(uv_loop_t* loop) override {
    async_.data = prepare_.data = idle_.data = this;
    const int error = uv_async_init(loop, &async_, [](uv_async_t* handle) {
      auto* self = static_cast<SimLoop*>(handle->data);
      if (!self->used_up_) self->Turn();
    });
    if (error != 0) return error;
    uv_prepare_init(loop, &prepare_);
    uv_idle_init(loop, &idle_);
    uv_prepare_start(&prepare_,
                     [](uv_prepare_t* handle) { static_cast<SimLoop*>(handle->data)->Prepare(); });
    for (uv_handle_t* handle : Handles()) uv_unref(handle);
    return 0;
  }

  void Reference(bool on) override {
    auto* handle = reinterpret_cast<uv_handle_t*>(&async_);
    if (on) {
      uv_ref(handle);
    } else {
      uv_unref(handle);
    }
  }

  void KeepAwake(bool on) override {
    awake_ = on;
    // An active idle handle makes the loop poll without waiting; the prepare handle does the turn.
    if (on) {
      uv_idle_start(&idle_, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&idle_);
    }
  }

  void Close(Callback done, void* argument) override {
    done_ = done;
    argument_ = argument;
    for (uv_handle_t* handle : Handles()) {
      uv_close(handle, [](uv_handle_t* closed) {
        auto* self = static_cast<SimLoop*>(closed->data);
        if (++self->closed_ == kHandles) self->done_(self->argument_);
      });
    }
  }

 private:
  static constexpr int kHandles = 3;

  std::array<uv_handle_t*, kHandles> Handles() {
    return {reinterpret_cast<uv_handle_t*>(&async_), reinterpret_cast<uv_handle_t*>(&prepare_),
            reinterpret_cast<uv_handle_t*>(&idle_)};
  }

  void Turn() { used_up_ = turn_(argument_); }

  // As in loop_epoll.cc, and then the poll is woken if the kernel has something: that is what a
  // readable descriptor would do.
  void Prepare() {
    iteration_++;
    used_up_ = false;
    if (engine_.HasSubmissions() || engine_.HasReady() || engine_.HasCompletions()) {
      Turn();
    } else if (awake_) {
      KeepAwake(false);  // a loop inside of a handler has taken what was left over
    }
    if (engine_.backend().Busy()) uv_async_send(&async_);
  }

  Engine& engine_;
  TurnCallback turn_;
  Callback done_ = nullptr;
  void* argument_;
  int closed_ = 0;
  bool awake_ = false;
  bool used_up_ = false;
  uv_async_t async_{};
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};
};

}  // namespace

std::unique_ptr<Loop> Loop::Create(Engine& engine, TurnCallback turn, void* argument) {
  return std::make_unique<SimLoop>(engine, turn, argument);
}

}  // namespace iocp_net

#endif  // IOCP_NET_SIM

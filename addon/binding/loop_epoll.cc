#if !defined(_WIN32) && !defined(IOCP_NET_SIM)

#include "binding/loop.h"
#include "port/backend.h"

namespace iocp_net {

namespace {

class EpollLoop final : public Loop {
 public:
  EpollLoop(Engine& engine, TurnCallback turn, void* argument)
      : engine_(engine), turn_(turn), argument_(argument) {}

  int Open(uv_loop_t* loop) override {
    poll_.data = prepare_.data = idle_.data = this;
    if (int error = uv_poll_init(loop, &poll_, engine_.backend().descriptor()); error != 0) {
      return error;
    }
    uv_prepare_init(loop, &prepare_);
    uv_idle_init(loop, &idle_);
    // Skipped when this iteration's turn was used up before the poll: the engine's descriptor stays
    // readable, so the next iteration comes at once.
    uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
      auto* self = static_cast<EpollLoop*>(handle->data);
      if (!self->used_up_) self->Turn();
    });
    uv_prepare_start(
        &prepare_, [](uv_prepare_t* handle) { static_cast<EpollLoop*>(handle->data)->Prepare(); });
    uv_unref(reinterpret_cast<uv_handle_t*>(&poll_));
    uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
    uv_unref(reinterpret_cast<uv_handle_t*>(&idle_));
    return 0;
  }

  void Reference(bool on) override {
    auto* handle = reinterpret_cast<uv_handle_t*>(&poll_);
    if (on) {
      uv_ref(handle);
    } else {
      uv_unref(handle);
    }
  }

  void KeepAwake(bool on) override {
    awake_ = on;
    if (on) {
      // An active idle handle makes the loop poll without waiting; the prepare handle does the
      // turn.
      uv_idle_start(&idle_, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&idle_);
    }
  }

  void Close(Callback done, void* argument) override {
    done_ = done;
    argument_ = argument;
    for (uv_handle_t* handle :
         {reinterpret_cast<uv_handle_t*>(&poll_), reinterpret_cast<uv_handle_t*>(&prepare_),
          reinterpret_cast<uv_handle_t*>(&idle_)}) {
      uv_close(handle, [](uv_handle_t* closed) {
        auto* self = static_cast<EpollLoop*>(closed->data);
        if (++self->closed_ == 3) self->done_(self->argument_);
      });
    }
  }

 private:
  void Turn() { used_up_ = turn_(argument_); }

  // Submissions from timers and immediates leave before the loop sleeps, and what an earlier turn
  // has left over comes first.
  void Prepare() {
    iteration_++;
    used_up_ = false;
    if (engine_.HasSubmissions() || engine_.HasReady() || engine_.HasCompletions()) {
      Turn();
    } else if (awake_) {
      KeepAwake(false);  // a loop inside of a handler has taken what was left over
    }
  }

  Engine& engine_;
  TurnCallback turn_;
  Callback done_ = nullptr;
  void* argument_;
  int closed_ = 0;
  bool awake_ = false;
  bool used_up_ = false;
  uv_poll_t poll_{};
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};
};

}  // namespace

std::unique_ptr<Loop> Loop::Create(Engine& engine, TurnCallback turn, void* argument) {
  return std::make_unique<EpollLoop>(engine, turn, argument);
}

}  // namespace iocp_net

#endif  // !_WIN32 && !IOCP_NET_SIM

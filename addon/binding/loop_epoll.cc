#ifndef _WIN32

#include "binding/loop.h"
#include "port/backend.h"

namespace iocp_net {

namespace {

class EpollLoop final : public Loop {
 public:
  EpollLoop(Engine& engine, Callback turn, void* argument)
      : engine_(engine), turn_(turn), argument_(argument) {}

  int Open(uv_loop_t* loop) override {
    poll_.data = prepare_.data = idle_.data = this;
    if (int error = uv_poll_init(loop, &poll_, engine_.backend().descriptor()); error != 0) {
      return error;
    }
    uv_prepare_init(loop, &prepare_);
    uv_idle_init(loop, &idle_);
    uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
      static_cast<EpollLoop*>(handle->data)->Turn();
    });
    // Submissions from timers and immediates leave before the loop sleeps.
    uv_prepare_start(&prepare_, [](uv_prepare_t* handle) {
      auto* self = static_cast<EpollLoop*>(handle->data);
      self->iteration_++;
      if (self->engine_.HasSubmissions() || self->engine_.HasReady() ||
          self->engine_.HasCompletions()) {
        self->Turn();
      }
    });
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
  void Turn() { turn_(argument_); }

  Engine& engine_;
  Callback turn_;
  Callback done_ = nullptr;
  void* argument_;
  int closed_ = 0;
  uv_poll_t poll_{};
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};
};

}  // namespace

std::unique_ptr<Loop> Loop::Create(Engine& engine, Callback turn, void* argument) {
  return std::make_unique<EpollLoop>(engine, turn, argument);
}

}  // namespace iocp_net

#endif  // _WIN32

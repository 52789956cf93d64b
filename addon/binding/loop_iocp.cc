#ifdef _WIN32

#include <array>

#include "binding/loop.h"
#include "port/backend.h"

namespace iocp_net {

namespace {

// libuv's loop sleeps on a completion port of its own. While it does, the backend's helper thread
// waits on ours and wakes the loop; while there is work the helper rests, and the loop looks at the
// port itself once per round.
class IocpLoop final : public Loop {
 public:
  IocpLoop(Engine& engine, TurnCallback turn, void* argument)
      : engine_(engine), turn_(turn), argument_(argument) {}

  int Open(uv_loop_t* loop) override {
    async_.data = prepare_.data = idle_.data = this;
    const Status status = engine_.backend().StartSleeper(
        [](void* async) { uv_async_send(static_cast<uv_async_t*>(async)); }, &async_);
    if (status != kOk) return status;
    // Skipped when this iteration's turn was used up before the poll: the helper has packets, so
    // the next prepare takes a turn.
    const int error = uv_async_init(loop, &async_, [](uv_async_t* handle) {
      auto* self = static_cast<IocpLoop*>(handle->data);
      if (!self->used_up_) self->Turn();
    });
    if (error != 0) return error;
    uv_prepare_init(loop, &prepare_);
    uv_idle_init(loop, &idle_);
    uv_prepare_start(&prepare_,
                     [](uv_prepare_t* handle) { static_cast<IocpLoop*>(handle->data)->Prepare(); });
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
    keep_awake_ = on;
    // An active idle handle makes the loop poll without waiting; the prepare handle does the turn.
    if (on) uv_idle_start(&idle_, [](uv_idle_t*) {});
  }

  void Close(Callback done, void* argument) override {
    done_ = done;
    argument_ = argument;
    for (uv_handle_t* handle : Handles()) {
      uv_close(handle, [](uv_handle_t* closed) {
        auto* self = static_cast<IocpLoop*>(closed->data);
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

  // The last thing before the loop may sleep. It sleeps only after a look at the port that found
  // nothing, and with the helper on watch: what comes in between wakes it.
  void Prepare() {
    iteration_++;
    Backend& backend = engine_.backend();
    used_up_ = false;
    if (engine_.HasSubmissions() || engine_.HasReady() || engine_.HasCompletions() ||
        !backend.Drained()) {
      Turn();
    } else {
      keep_awake_ = false;  // a loop inside of a handler has taken what was left over
    }
    if (keep_awake_ || !backend.Drained()) {
      uv_idle_start(&idle_, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&idle_);
      used_up_ = false;  // the port was found empty: only the helper reports what comes next
      backend.Arm();
    }
  }

  Engine& engine_;
  TurnCallback turn_;
  Callback done_ = nullptr;
  void* argument_;
  bool keep_awake_ = false;
  bool used_up_ = false;
  int closed_ = 0;
  uv_async_t async_{};
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};
};

}  // namespace

std::unique_ptr<Loop> Loop::Create(Engine& engine, TurnCallback turn, void* argument) {
  return std::make_unique<IocpLoop>(engine, turn, argument);
}

}  // namespace iocp_net

#endif  // _WIN32

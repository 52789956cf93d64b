#ifdef _WIN32

#include "binding/handle_loop.h"
#include "port/backend.h"

namespace iocp_net {

namespace {

// libuv's loop sleeps on a completion port of its own. While it does, the backend's helper thread
// waits on ours and wakes the loop; while there is work the helper rests, and the loop looks at the
// port itself once per round.
class IocpLoop final : public HandleLoop<uv_async_t> {
 public:
  IocpLoop(Engine& engine, TurnCallback turn, Callback after_poll, void* argument)
      : HandleLoop(engine, turn, after_poll, argument) {}

  int Open(uv_loop_t* loop) override {
    const Status status = engine_.backend().StartSleeper(
        [](void* async) { uv_async_send(static_cast<uv_async_t*>(async)); }, &source_);
    if (status != kOk) return status;
    const int error = uv_async_init(loop, &source_, [](uv_async_t* source) { OnSource(source); });
    if (error != 0) return error;
    Start(loop);
    return 0;
  }

  // It is Prepare() that lets the loop sleep.
  void KeepAwake(bool on) override {
    awake_ = on;
    if (on) Poll(true);
  }

 private:
  // The loop sleeps only after a look at the port that found nothing, and with the helper on watch:
  // what comes in between wakes it.
  void Prepare() override {
    Backend& backend = engine_.backend();
    if (HasWork() || !backend.Drained()) {
      Turn();
    } else {
      awake_ = false;  // a loop inside of a handler has taken what was left over
    }
    if (awake_ || !backend.Drained()) {
      Poll(true);
    } else {
      Poll(false);
      used_up_ = false;  // the port was found empty: only the helper reports what comes next
      backend.Arm();
    }
  }
};

}  // namespace

std::unique_ptr<Loop> Loop::Create(Engine& engine, TurnCallback turn, Callback after_poll,
                                   void* argument) {
  return std::make_unique<IocpLoop>(engine, turn, after_poll, argument);
}

}  // namespace iocp_net

#endif  // _WIN32

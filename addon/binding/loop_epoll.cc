#if !defined(_WIN32) && !defined(IOCP_NET_SIM)

#include "binding/handle_loop.h"
#include "port/backend.h"

namespace iocp_net {

namespace {

class EpollLoop final : public HandleLoop<uv_poll_t> {
 public:
  EpollLoop(Engine& engine, TurnCallback turn, Callback after_poll, void* argument)
      : HandleLoop(engine, turn, after_poll, argument) {}

  int Open(uv_loop_t* loop) override {
    const int error = uv_poll_init(loop, &source_, engine_.backend().descriptor());
    if (error != 0) return error;
    // After a turn that was used up the descriptor stays readable: the next iteration comes at
    // once.
    uv_poll_start(&source_, UV_READABLE, [](uv_poll_t* source, int, int) { OnSource(source); });
    Start(loop);
    return 0;
  }

 private:
  // Submissions from timers and immediates leave before the loop sleeps, and what an earlier turn
  // has left over comes first.
  void Prepare() override {
    if (HasWork()) {
      Turn();
    } else if (awake_) {
      KeepAwake(false);  // a loop inside of a handler has taken what was left over
    }
  }
};

}  // namespace

std::unique_ptr<Loop> Loop::Create(Engine& engine, TurnCallback turn, Callback after_poll,
                                   void* argument) {
  return std::make_unique<EpollLoop>(engine, turn, after_poll, argument);
}

}  // namespace iocp_net

#endif  // !_WIN32 && !IOCP_NET_SIM

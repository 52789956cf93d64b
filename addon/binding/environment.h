// One engine for one Node environment (the main thread, each Worker): memory, life cycle, dispatch.
#ifndef IOCP_NET_BINDING_ENVIRONMENT_H_
#define IOCP_NET_BINDING_ENVIRONMENT_H_

#include <napi.h>

#include <memory>
#include <thread>

#include "binding/loop.h"
#include "port/engine.h"

namespace iocp_net {

class Environment {
 public:
  // Null when the engine cannot run here; `status` then says why. The environment owns itself: it
  // goes when Node's environment has ended and the loop has let go of the last handle.
  // `dispatch` takes completions.
  static Environment* Create(Napi::Env env, Napi::Object holder, Napi::Function dispatch,
                             Status* status);

  Engine& engine() { return engine_; }
  Napi::Object Memory(Napi::Env env) const;
  void Reference(bool on);
  // Flushes, and makes sure that what this completes at once is dispatched soon.
  void Flush();
  // One dispatch in the loop's closing phase, where libuv reports that handles have closed.
  void DispatchClosing();

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  Environment(Napi::Env env, Napi::Object holder, Napi::Function dispatch);
  ~Environment();

  Status Open();
  void Turn();
  void Dispatch();
  void OnClosingPhase();
  bool CallDispatch(bool closing);
  bool TreatAsUncaught();
  void End();
  void Finish();
  static void FlushAtExit();

  napi_env env_;
  Napi::ObjectReference holder_;
  Napi::FunctionReference dispatch_;
  Napi::ObjectReference memory_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  std::thread::id thread_ = std::this_thread::get_id();
  Engine engine_;
  std::unique_ptr<Loop> loop_;
  // Closed as soon as it is made: libuv calls back in its closing phase.
  uv_idle_t closing_{};
  uv_loop_t* uv_loop_ = nullptr;
  bool closing_pending_ = false;
  bool handles_closed_ = false;
  uint32_t reaped_in_ = 0;  // the loop's iteration that has last looked for events
  bool ended_ = false;
  bool turning_ = false;
};

}  // namespace iocp_net

#endif  // IOCP_NET_BINDING_ENVIRONMENT_H_

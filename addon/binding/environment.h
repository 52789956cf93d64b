// One engine for one Node environment (the main thread, each Worker): memory, life cycle, dispatch.
#ifndef IOCP_NET_BINDING_ENVIRONMENT_H_
#define IOCP_NET_BINDING_ENVIRONMENT_H_

#include <napi.h>

#include <memory>
#include <vector>

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
  // They make sure that what they complete at once is dispatched soon.
  void Flush();
  int64_t Send(int32_t index, int32_t generation, Spans spans, size_t pieces);
  void Close(int32_t index, int32_t generation, CloseHow how);
  // One dispatch in the loop's closing phase, where libuv reports that handles have closed.
  void DispatchClosing();

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Memory that JavaScript sees too. It is the engine's own, so that nothing which JavaScript does
  // to its arrays (a transfer, say) takes it away.
  struct SharedBlock {
    static std::unique_ptr<SharedBlock> Take();
    static void Give(std::unique_ptr<SharedBlock> block);

    int32_t control[kControlWords] = {};
    double counters[kCounterCount] = {};
    uint8_t slab[kSlabBytes] = {};
    uint8_t arena[kArenaBytes] = {};
  };

 private:
  Environment(Napi::Env env, Napi::Object holder, Napi::Function dispatch);
  ~Environment();

  Status Open();
  void Share(const char* name, napi_typedarray_type type, void* data, size_t length,
             size_t element_bytes);
  bool Turn();
  void DispatchAtOnce();
  bool Dispatch();
  void OnClosingPhase();
  // Whether JavaScript has taken everything (kAll), has left completions (kSome), or runs no more.
  enum class Taken : uint8_t { kAll, kSome, kEnded };
  Taken CallDispatch(bool closing);
  void WakeForCompletions();
  bool TreatAsUncaught();
  void End();
  void Finish();

  napi_env env_;
  Napi::ObjectReference holder_;
  Napi::FunctionReference dispatch_;
  Napi::ObjectReference memory_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  std::unique_ptr<SharedBlock> shared_ = SharedBlock::Take();
  Engine engine_;
  std::unique_ptr<Loop> loop_;
  // Closed as soon as it is made: libuv calls back in its closing phase.
  uv_idle_t closing_{};
  uv_loop_t* uv_loop_ = nullptr;
  bool closing_pending_ = false;
  bool handles_closed_ = false;
  uint32_t reaped_in_ = 0;  // the loop's iteration that has last looked for events
  bool ended_ = false;
  int turning_ = 0;  // a handler may turn the loop itself
};

}  // namespace iocp_net

#endif  // IOCP_NET_BINDING_ENVIRONMENT_H_

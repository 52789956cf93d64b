#include "binding/environment.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace iocp_net {

namespace {

// Batches in one turn of the loop, so that timers and other handles get theirs.
constexpr int kBatchesPerTurn = 8;

struct Registry {
  std::mutex mutex;
  std::vector<Environment*> environments;
};

// Never destroyed: the exit handler may run after static destructors of other libraries.
Registry& TheRegistry() {
  static Registry& registry = *std::make_unique<Registry>().release();
  return registry;
}

}  // namespace

Environment* Environment::Create(Napi::Env env, Napi::Object holder, Napi::Function dispatch,
                                 Status* status) {
  std::unique_ptr<Environment, void (*)(Environment*)> self(
      new Environment(env, holder, dispatch),
      [](Environment* environment) { delete environment; });
  *status = self->Open();
  if (*status != kOk) return nullptr;
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  static const int registered = std::atexit(FlushAtExit);
  static_cast<void>(registered);
  registry.environments.push_back(self.get());
  return self.release();
}

Environment::Environment(Napi::Env env, Napi::Object holder, Napi::Function dispatch)
    : env_(env),
      holder_(Napi::Persistent(holder)),
      dispatch_(Napi::Persistent(dispatch)),
      memory_(Napi::Persistent(Napi::Object::New(env))) {
  memory_.Set("control", Napi::Int32Array::New(env, kControlWords));
  memory_.Set("counters", Napi::Float64Array::New(env, kCounterCount));
  memory_.Set("slab", Napi::Uint8Array::New(env, kSlabBytes));
  memory_.Set("arena", Napi::Uint8Array::New(env, kArenaBytes));
}

Environment::~Environment() = default;

Status Environment::Open() {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return UV_ENOSYS;
  uv_loop_ = loop;
  // A worker that is being terminated makes no objects any more.
  for (const char* name : {"control", "counters", "slab", "arena"}) {
    const Napi::Value array = memory_.Get(name);
    if (array.IsEmpty() || !array.IsTypedArray()) return UV_ECANCELED;
  }
  SharedMemory memory;
  memory.control = memory_.Get("control").As<Napi::Int32Array>().Data();
  memory.counters = memory_.Get("counters").As<Napi::Float64Array>().Data();
  memory.slab = memory_.Get("slab").As<Napi::Uint8Array>().Data();
  memory.arena = memory_.Get("arena").As<Napi::Uint8Array>().Data();
  if (const Status status = engine_.Open(memory); status != kOk) return status;
  // The hook before the loop's handles: it can be taken back, they can only be closed.
  const napi_status added = napi_add_async_cleanup_hook(
      env_,
      [](napi_async_cleanup_hook_handle, void* self) { static_cast<Environment*>(self)->End(); },
      this, &cleanup_);
  if (added != napi_ok) return UV_ENOSYS;
  loop_ = Loop::Create(
      engine_, [](void* self) { static_cast<Environment*>(self)->Turn(); }, this);
  const Status status = loop_->Open(loop);
  if (status != kOk) napi_remove_async_cleanup_hook(cleanup_);
  return status;
}

Napi::Object Environment::Memory(Napi::Env env) const { return Napi::Object(env, memory_.Value()); }

void Environment::Reference(bool on) { loop_->Reference(on); }

void Environment::Flush() {
  engine_.Flush();
  if (!turning_ && engine_.HasCompletions()) loop_->KeepAwake(true);
}

// Submissions, events, one call into JavaScript for all of them, and what that call submitted.
void Environment::Turn() {
  if (ended_ || turning_) return;
  turning_ = true;
  bool reaped = false;
  for (int batch = 0; batch < kBatchesPerTurn; batch++) {
    engine_.Flush();
    // What submissions have ended at once comes before anything newer, as with libuv: a connection
    // that was closed is reported closed, in the closing phase, before its peer's end is read.
    if (!engine_.HasCompletions()) {
      if (reaped && !engine_.HasReady()) break;
      const uint32_t iteration = loop_->iteration();
      if (closing_pending_ && reaped_in_ == iteration) break;
      engine_.Reap(0);
      reaped = true;
      reaped_in_ = iteration;
    }
    if (!engine_.HasCompletions()) break;
    Dispatch();
    if (ended_) return;
  }
  engine_.Flush();
  turning_ = false;
  loop_->KeepAwake(engine_.HasReady() || engine_.HasCompletions());
}

void Environment::DispatchClosing() {
  if (closing_pending_ || ended_) return;
  closing_pending_ = true;
  uv_idle_init(uv_loop_, &closing_);
  closing_.data = this;
  uv_close(reinterpret_cast<uv_handle_t*>(&closing_), [](uv_handle_t* closed) {
    static_cast<Environment*>(closed->data)->OnClosingPhase();
  });
}

void Environment::OnClosingPhase() {
  closing_pending_ = false;
  if (ended_) {
    if (handles_closed_) Finish();
    return;
  }
  engine_.Flush();
  turning_ = true;
  CallDispatch(true);
  if (ended_) return;
  engine_.Flush();
  turning_ = false;
  if (engine_.HasReady() || engine_.HasCompletions()) loop_->KeepAwake(true);
}

// JavaScript moves the ring's head before it runs a handler. When a handler throws, the error goes
// where uncaught errors go, and the next call carries on behind it: the rest of the batch is never
// lost.
void Environment::Dispatch() {
  while (engine_.HasCompletions() && !ended_) {
    engine_.RefillCompletions();
    engine_.Count(kBatches);
    if (!CallDispatch(false)) return;
  }
}

bool Environment::CallDispatch(bool closing) {
  const Napi::HandleScope scope(env_);
  const napi_value argument = Napi::Boolean::New(env_, closing);
  // No async context: events of accepted sockets belong to no store, as in node:net; sockets that
  // belong to one enter it themselves. But a callback scope, without which what is called from
  // here into Node's C++ (an agent's asyncReset) would take itself for the outermost one.
  const napi_status dispatched = napi_make_callback(env_, nullptr, holder_.Value(),
                                                    dispatch_.Value(), 1, &argument, nullptr);
  return dispatched == napi_ok || TreatAsUncaught();
}

// False in a Worker that is being terminated: it runs no JavaScript any more, and its cleanup hook
// follows.
bool Environment::TreatAsUncaught() {
  bool pending = false;
  napi_value error;
  return napi_is_exception_pending(env_, &pending) == napi_ok && pending &&
         napi_get_and_clear_last_exception(env_, &error) == napi_ok &&
         napi_fatal_exception(env_, error) == napi_ok;
}

// The environment ends, perhaps in the middle of transfers: nothing calls into JavaScript any more,
// everything in flight is cancelled and drained, and only then is memory given back.
void Environment::End() {
  ended_ = true;
  {
    Registry& registry = TheRegistry();
    const std::lock_guard<std::mutex> lock(registry.mutex);
    std::erase(registry.environments, this);
  }
  engine_.Close();
  holder_.Reset();
  dispatch_.Reset();
  memory_.Reset();
  loop_->Close(
      [](void* argument) {
        auto* self = static_cast<Environment*>(argument);
        self->handles_closed_ = true;
        if (!self->closing_pending_) self->Finish();
      },
      this);
}

void Environment::Finish() {
  napi_remove_async_cleanup_hook(cleanup_);
  delete this;
}

// process.exit() ends the process without cleanup hooks. A write that node:net would have handed to
// the kernel at once must not be lost then.
void Environment::FlushAtExit() {
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  for (Environment* environment : registry.environments) {
    if (environment->thread_ == std::this_thread::get_id()) environment->engine_.Flush();
  }
}

}  // namespace iocp_net

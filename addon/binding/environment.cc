#include "binding/environment.h"

#include <mutex>
#include <utility>
#include <vector>

#include "binding/heap.h"

namespace iocp_net {

namespace {

// A turn of the loop takes no further batch after this much work, so that timers and other handles
// get theirs. JavaScript keeps the same limit within a batch (lib/port/port.ts).
constexpr uint64_t kTurnNs = 1'000'000;
constexpr int kBatchesPerTurn = 8;
constexpr int kRoundsAtOnce = 8;  // as libuv

// Never destroyed: an environment of another thread may end after the main one.
struct BlockPool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Environment::SharedBlock>> blocks;
};

BlockPool& Pool() {
  static BlockPool& pool = *std::make_unique<BlockPool>().release();
  return pool;
}

}  // namespace

// Memory of ours is used again by the next environment and never freed: a program can have moved it
// into an array of another thread (ArrayBuffer.prototype.transfer), and nobody says when that goes.
std::unique_ptr<Environment::SharedBlock> Environment::SharedBlock::Take() {
  const std::lock_guard<std::mutex> lock(Pool().mutex);
  if (Pool().blocks.empty()) return std::make_unique<SharedBlock>();
  std::unique_ptr<SharedBlock> block = std::move(Pool().blocks.back());
  Pool().blocks.pop_back();
  return block;
}

void Environment::SharedBlock::Give(std::unique_ptr<SharedBlock> block) {
  *block = SharedBlock{};  // no byte of this environment shows in the next one
  const std::lock_guard<std::mutex> lock(Pool().mutex);
  Pool().blocks.push_back(std::move(block));
}

Environment* Environment::Create(Napi::Env env, Napi::Object holder, Napi::Function dispatch,
                                 Status* status) {
  std::unique_ptr<Environment, void (*)(Environment*)> self(
      new Environment(env, holder, dispatch), [](Environment* environment) { delete environment; });
  *status = self->Open();
  return *status == kOk ? self.release() : nullptr;
}

Environment::Environment(Napi::Env env, Napi::Object holder, Napi::Function dispatch)
    : env_(env),
      holder_(Napi::Persistent(holder)),
      dispatch_(Napi::Persistent(dispatch)),
      memory_(Napi::Persistent(Napi::Object::New(env))) {
  Share("control", napi_int32_array, shared_->control, kControlWords, sizeof(int32_t));
  Share("counters", napi_float64_array, shared_->counters, kCounterCount, sizeof(double));
  Share("slab", napi_uint8_array, shared_->slab, kSlabBytes, 1);
  Share("arena", napi_uint8_array, shared_->arena, kArenaBytes, 1);
}

Environment::~Environment() { SharedBlock::Give(std::move(shared_)); }

// An array of JavaScript's over memory of ours. Where it cannot be made (a worker that is being
// terminated, a runtime without such memory) it is missing, and Open says so.
void Environment::Share(const char* name, napi_typedarray_type type, void* data, size_t length,
                        size_t element_bytes) {
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  const auto keep = [](napi_env, void*, void*) {};  // it goes back with the environment
  if (napi_create_external_arraybuffer(env_, data, length * element_bytes, keep, nullptr,
                                       &buffer) != napi_ok ||
      napi_create_typedarray(env_, type, length, buffer, 0, &array) != napi_ok) {
    return;
  }
  const napi_property_descriptor descriptor{
      name, nullptr, nullptr, nullptr, nullptr, array, napi_default_jsproperty, nullptr};
  napi_define_properties(env_, memory_.Value(), 1, &descriptor);
}

Status Environment::Open() {
  KeepFreedMemory();
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return UV_ENOSYS;
  uv_loop_ = loop;
  for (const char* name : {"control", "counters", "slab", "arena"}) {
    bool there = false;
    if (napi_has_named_property(env_, memory_.Value(), name, &there) != napi_ok || !there) {
      return UV_ECANCELED;
    }
  }
  SharedMemory memory;
  memory.control = shared_->control;
  memory.counters = shared_->counters;
  memory.slab = shared_->slab;
  memory.arena = shared_->arena;
  if (const Status status = engine_.Open(memory); status != kOk) return status;
  // The hook before the loop's handles: it can be taken back, they can only be closed.
  const napi_status added = napi_add_async_cleanup_hook(
      env_,
      [](napi_async_cleanup_hook_handle, void* self) { static_cast<Environment*>(self)->End(); },
      this, &cleanup_);
  if (added != napi_ok) return UV_ENOSYS;
  loop_ = Loop::Create(
      engine_, [](void* self) { return static_cast<Environment*>(self)->Turn(); },
      [](void* self) { static_cast<Environment*>(self)->DispatchAtOnce(); }, this);
  const Status status = loop_->Open(loop);
  if (status != kOk) napi_remove_async_cleanup_hook(cleanup_);
  return status;
}

Napi::Object Environment::Memory(Napi::Env env) const { return Napi::Object(env, memory_.Value()); }

void Environment::Reference(bool on) { loop_->Reference(on); }

void Environment::Flush() {
  engine_.Flush();
  WakeForCompletions();
}

int64_t Environment::Send(int32_t index, int32_t generation, Spans spans, size_t pieces) {
  const int64_t sent = engine_.Send(index, generation, spans, pieces);
  WakeForCompletions();
  return sent;
}

void Environment::Close(int32_t index, int32_t generation, CloseHow how) {
  engine_.Close(index, generation, how);
  WakeForCompletions();
}

void Environment::WakeForCompletions() {
  if (turning_ == 0 && engine_.HasCompletions()) loop_->KeepAwake(true);
}

// Submissions, events, one call into JavaScript for all of them, and what that call submitted. Runs
// inside of itself when a handler turns the loop: the inner turn then goes on with the batch after
// that handler's completion. True when its time is used up.
bool Environment::Turn() {
  if (ended_) return false;
  turning_++;
  const uint64_t end_ns = uv_hrtime() + kTurnNs;
  bool reaped = false;
  for (int batch = 0; batch < kBatchesPerTurn; batch++) {
    engine_.Flush();
    // What has ended already comes before anything newer, as with libuv: a connection that was
    // closed is reported closed, in the closing phase, before its peer's end is read.
    if (!engine_.HasCompletions()) {
      if (reaped && !engine_.HasReady()) break;
      const uint32_t iteration = loop_->iteration();
      if (closing_pending_ && reaped_in_ == iteration) break;
      engine_.Reap(0, reaped_in_ != iteration);
      reaped = true;
      reaped_in_ = iteration;
    }
    if (!engine_.HasCompletions()) break;
    if (!Dispatch()) break;
    if (uv_hrtime() > end_ns) break;
  }
  if (!ended_) DispatchAtOnce();
  turning_--;
  if (ended_) return true;
  engine_.Flush();
  const bool left_over = engine_.HasReady() || engine_.HasCompletions();
  loop_->KeepAwake(left_over || engine_.HasLater());
  return left_over || uv_hrtime() > end_ns;
}

// What a submission ends at once, a shutdown, and what a receive has found to be over as it was
// made are reported before the loop goes on to immediates, as libuv does with what is pending:
// whoever has made it, and however long the turn has taken.
void Environment::DispatchAtOnce() {
  turning_++;
  for (int round = 0; round < kRoundsAtOnce && !ended_; round++) {
    // What is left over of a turn waits for the next one, and keeps its place.
    if (engine_.HasCompletions()) break;
    if (!engine_.HasSubmissions() && !engine_.MayHaveEnded()) break;
    engine_.Flush();
    engine_.ServeEnded();
    if (!engine_.HasCompletions() || !Dispatch()) break;
  }
  turning_--;
  if (!ended_ && (engine_.HasReady() || engine_.HasCompletions())) loop_->KeepAwake(true);
}

void Environment::DispatchClosing() {
  if (closing_pending_ || ended_) return;
  closing_pending_ = true;
  uv_idle_init(uv_loop_, &closing_);
  closing_.data = this;
  uv_close(reinterpret_cast<uv_handle_t*>(&closing_),
           [](uv_handle_t* closed) { static_cast<Environment*>(closed->data)->OnClosingPhase(); });
}

void Environment::OnClosingPhase() {
  closing_pending_ = false;
  if (ended_) {
    if (handles_closed_) Finish();
    return;
  }
  engine_.Flush();
  turning_++;
  CallDispatch(true);
  turning_--;
  if (ended_) return;
  engine_.Flush();
  if (engine_.HasReady() || engine_.HasCompletions()) loop_->KeepAwake(true);
}

// False when the turn is over: JavaScript has worked long enough and has left completions, or runs
// no more.
bool Environment::Dispatch() {
  while (engine_.HasCompletions() && !ended_) {
    engine_.RefillCompletions();
    engine_.Count(kBatches);
    const int32_t head = shared_->control[kCompletionHead];
    if (CallDispatch(false) != Taken::kAll) return false;
    // A dispatch that takes nothing gets no second call in this turn: it would be called for ever.
    if (shared_->control[kCompletionHead] == head) return false;
  }
  return !ended_;
}

// JavaScript moves the ring's head before it runs a handler, and treats what a handler throws as
// uncaught itself. Should an error come out all the same, the next call carries on after it: the
// rest of the batch is never lost.
Environment::Taken Environment::CallDispatch(bool closing) {
  const Napi::HandleScope scope(env_);
  const napi_value argument = Napi::Boolean::New(env_, closing);
  // No async context: events of accepted sockets belong to no store, as in node:net; sockets that
  // belong to one enter it themselves. But a callback scope, without which what is called from
  // here into Node's C++ (an agent's asyncReset) would take itself for the outermost one.
  napi_value whole = nullptr;
  const napi_status dispatched =
      napi_make_callback(env_, nullptr, holder_.Value(), dispatch_.Value(), 1, &argument, &whole);
  if (dispatched != napi_ok) return TreatAsUncaught() ? Taken::kAll : Taken::kEnded;
  bool all = false;
  napi_get_value_bool(env_, whole, &all);
  return all ? Taken::kAll : Taken::kSome;
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
  engine_.End();
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

}  // namespace iocp_net

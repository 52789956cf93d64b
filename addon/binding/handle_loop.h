// What the loops of all backends do alike: four libuv handles, one of them the source by which the
// system wakes the loop.
#ifndef IOCP_NET_BINDING_HANDLE_LOOP_H_
#define IOCP_NET_BINDING_HANDLE_LOOP_H_

#include <array>

#include "binding/loop.h"

namespace iocp_net {

template <typename Source>
class HandleLoop : public Loop {
 public:
  void Reference(bool on) override {
    auto* handle = reinterpret_cast<uv_handle_t*>(&source_);
    if (on) {
      uv_ref(handle);
    } else {
      uv_unref(handle);
    }
  }

  void KeepAwake(bool on) override {
    awake_ = on;
    Poll(on);
  }

  void Close(Callback done, void* argument) override {
    done_ = done;
    argument_ = argument;
    for (uv_handle_t* handle : Handles()) {
      uv_close(handle, [](uv_handle_t* closed) {
        HandleLoop* self = Of(closed);
        if (++self->closed_ == kHandles) self->done_(self->argument_);
      });
    }
  }

 protected:
  HandleLoop(Engine& engine, TurnCallback turn, Callback after_poll, void* argument)
      : engine_(engine), turn_(turn), after_poll_(after_poll), argument_(argument) {
    source_.data = prepare_.data = idle_.data = check_.data = this;
  }

  // The last thing before the loop may sleep.
  virtual void Prepare() = 0;

  // The rest of Open(), once the source is initialised.
  void Start(uv_loop_t* loop) {
    uv_prepare_init(loop, &prepare_);
    uv_idle_init(loop, &idle_);
    uv_prepare_start(&prepare_, [](uv_prepare_t* handle) {
      HandleLoop* self = Of(handle);
      self->iteration_++;
      self->used_up_ = false;
      self->Prepare();
    });
    // libuv calls the handle first that was started last: before Node's, which runs immediates.
    uv_check_init(loop, &check_);
    uv_check_start(&check_, [](uv_check_t* handle) {
      HandleLoop* self = Of(handle);
      Engine& engine = self->engine_;
      if (engine.HasSubmissions() || engine.MayHaveEnded()) self->after_poll_(self->argument_);
    });
    for (uv_handle_t* handle : Handles()) uv_unref(handle);
  }

  // The source has something. Skipped when this iteration's turn was used up before the poll: what
  // is left over keeps the next iteration from sleeping.
  template <typename Handle>
  static void OnSource(Handle* source) {
    HandleLoop* self = Of(source);
    if (!self->used_up_) self->Turn();
  }

  // An active idle handle makes the loop poll without waiting; the prepare handle does the turn.
  void Poll(bool on) {
    if (on) {
      uv_idle_start(&idle_, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&idle_);
    }
  }

  void Turn() { used_up_ = turn_(argument_); }

  bool HasWork() const {
    return engine_.HasSubmissions() || engine_.HasReady() || engine_.HasLater() ||
           engine_.HasCompletions();
  }

  Engine& engine_;
  Source source_{};
  bool awake_ = false;
  bool used_up_ = false;

 private:
  static constexpr int kHandles = 4;

  template <typename Handle>
  static HandleLoop* Of(Handle* handle) {
    return static_cast<HandleLoop*>(handle->data);
  }

  std::array<uv_handle_t*, kHandles> Handles() {
    return {reinterpret_cast<uv_handle_t*>(&source_), reinterpret_cast<uv_handle_t*>(&prepare_),
            reinterpret_cast<uv_handle_t*>(&idle_), reinterpret_cast<uv_handle_t*>(&check_)};
  }

  TurnCallback turn_;
  Callback after_poll_;
  Callback done_ = nullptr;
  void* argument_;
  int closed_ = 0;
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};
  uv_check_t check_{};
};

}  // namespace iocp_net

#endif  // IOCP_NET_BINDING_HANDLE_LOOP_H_

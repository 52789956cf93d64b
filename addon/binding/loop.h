// Ties an engine to a libuv loop: turns the port while the loop runs, wakes the loop while it
// sleeps.
//
// One implementation per backend (loop_epoll.cc, loop_iocp.cc, loop_sim.cc): on Linux the loop
// sleeps on the port's own descriptor; on Windows a helper thread waits on the port in its stead.
#ifndef IOCP_NET_BINDING_LOOP_H_
#define IOCP_NET_BINDING_LOOP_H_

#include <uv.h>

#include <cstdint>
#include <memory>

#include "port/engine.h"

namespace iocp_net {

class Loop {
 public:
  // Called on the loop's thread whenever the engine may have something to do. True when that has
  // used up the time of a turn: the engine then waits for the next iteration of the loop, so that
  // one iteration never carries two turns' worth of work between two looks at timers.
  using TurnCallback = bool (*)(void* argument);
  using Callback = void (*)(void* argument);

  // `after_poll` is called in each iteration after the system was looked at, before immediates.
  static std::unique_ptr<Loop> Create(Engine& engine, TurnCallback turn, Callback after_poll,
                                      void* argument);
  virtual ~Loop() = default;

  // 0 or a negative libuv error.
  virtual int Open(uv_loop_t* loop) = 0;
  // Whether the engine keeps the loop alive. Off until asked for.
  virtual void Reference(bool on) = 0;
  // Whether the next turn must come without waiting for an event.
  virtual void KeepAwake(bool on) = 0;
  // Closes every libuv handle; `done` is called when the last one has closed. Only then may the
  // loop be destroyed.
  virtual void Close(Callback done, void* argument) = 0;

  // Counts the loop's iterations.
  uint32_t iteration() const { return iteration_; }

 protected:
  uint32_t iteration_ = 0;
};

}  // namespace iocp_net

#endif  // IOCP_NET_BINDING_LOOP_H_

// Waits on the completion port in the place of a loop that sleeps elsewhere.
//
// Node's loop cannot wait on our port. While it sleeps, a helper thread does; it keeps the packets
// that end the wait, wakes the loop and rests. All work on packets stays with the loop's thread: a
// thread that handed each of them over would cost more than it helps.
#ifndef IOCP_NET_IOCP_SLEEPER_H_
#define IOCP_NET_IOCP_SLEEPER_H_

#include <atomic>
#include <cstdint>

#include "iocp/handle.h"
#include "port/status.h"

namespace iocp_net {

class Sleeper {
 public:
  using Wake = void (*)(void* argument);
  static constexpr ULONG kEntriesMax = 128;

  // `wake` is called on the helper thread; `port` outlives the sleeper.
  Sleeper(HANDLE port, Wake wake, void* argument) : port_(port), wake_(wake), argument_(argument) {}
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() { Stop(); }

  Status Start();
  // From here on packets wake the loop, those included that are already in the port. Cheap when it
  // is armed already; when packets wait to be collected their wake-up is on its way.
  void Arm();
  // Whether there are packets to collect.
  bool Full() const { return state_.load(std::memory_order_acquire) == kFull; }
  // Takes the packets that the helper has kept, at most kEntriesMax; it rests until the next Arm.
  ULONG Collect(OVERLAPPED_ENTRY* entries);
  // Ends the helper, blocked or not. What it has kept can still be collected.
  void Stop();

 private:
  enum State : int { kResting, kArmed, kFull };

  static DWORD WINAPI Main(void* self);
  void Run();

  const HANDLE port_;
  const Wake wake_;
  void* const argument_;
  Handle armed_;  // an event: the helper may go on
  Handle thread_;
  std::atomic<int> state_{kResting};
  std::atomic<bool> stopping_{false};
  ULONG count_ = 0;
  OVERLAPPED_ENTRY entries_[kEntriesMax];
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_SLEEPER_H_

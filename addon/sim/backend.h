// The port's contract over a simulated kernel: for tests alone. It works in either of the two ways
// that the contract allows: as epoll/ does, which waits until a call would not block, or as iocp/
// does, whose operations go on in the background and are answered later. The contract itself is in
// port/backend_contract.h.
#ifndef IOCP_NET_SIM_BACKEND_H_
#define IOCP_NET_SIM_BACKEND_H_

#include <cstdint>
#include <vector>

#include "port/address.h"
#include "port/endpoint.h"
#include "port/layout.h"
#include "port/send_queue.h"
#include "port/status.h"
#include "sim/kernel.h"

namespace iocp_net {

class Engine;

class Backend {
 public:
  static constexpr const char* kName = "simulation";
  // Set before the backend is opened.
  static thread_local bool kAnswersInOrder;
  static constexpr size_t kPiecesMax = 1024;
  static constexpr size_t kPipeNameBytesMax = 108;
  enum class Style : uint8_t { kReadiness, kCompletion };
  static thread_local Style style;
  // Whether descriptors mean anything outside of the port: not where the rest of the process runs
  // on another kernel.
  static thread_local bool descriptors_leave;

  explicit Backend(Engine& engine) : engine_(engine), kernel_(*sim::Kernel::Current()) {}
  ~Backend();

  Status Open();

  Status Listen(Endpoint& endpoint, const Address& address, int32_t backlog, int32_t flags);
  Status Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                 ConnectStage* failed);
  Status AdoptStream(Endpoint& endpoint, int64_t descriptor, bool duplicate);
  Status AdoptListener(Endpoint& endpoint, int64_t descriptor, bool duplicate, int32_t backlog);
  int64_t Duplicate(Endpoint& endpoint);
  int64_t DescriptorOf(Endpoint& endpoint);
  Status ConnectAgain(Endpoint& endpoint, const Address& peer);
  Status Accept(Endpoint& listener, Endpoint& fresh);
  Transfer Receive(Endpoint& endpoint, uint8_t* into, size_t bytes_max);
  size_t Available(Endpoint& endpoint);
  void WatchReceive(Endpoint& endpoint);
  Transfer Send(Endpoint& endpoint, Spans spans);
  void WatchSend(Endpoint& endpoint);
  bool WatchRoom(Endpoint& endpoint);
  Status Shutdown(Endpoint& endpoint);
  void Close(Endpoint& endpoint, CloseHow how);
  Status SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t c, int32_t d);
  Status LocalAddress(Endpoint& endpoint, Address* address);
  Status PeerAddress(Endpoint& endpoint, Address* address);

  int32_t Wait(int32_t timeout_ms);

  // Whether Wait would have something to report now or later, without a new call.
  bool Busy() const { return kernel_.Busy(set_) || !background_.empty(); }
  int set() const { return set_; }

 private:
  // An operation of the completion style that a later Wait answers.
  enum class Work : uint8_t { kReceive, kSend, kShutdown, kClose };
  struct Background {
    Work work;
    int32_t index;
    int32_t generation;
  };

  Status Register(Endpoint& endpoint, int fd);
  Status Adopt(Endpoint& endpoint, int fd, bool duplicate);
  bool WatchAgain(const Endpoint& endpoint);
  void OnEvents(Endpoint& endpoint, uint32_t events);
  void Begin(Work work, const Endpoint& endpoint);
  int32_t RunBackground();
  // False when it has to wait for an event.
  bool Run(Endpoint& endpoint, Work work);
  bool SendQueued(Endpoint& endpoint);
  void EndClose(Endpoint& endpoint);

  Engine& engine_;
  sim::Kernel& kernel_;
  int set_ = -1;
  std::vector<Background> background_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_SIM_BACKEND_H_

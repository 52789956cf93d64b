// Windows: the port's contract over one I/O completion port. The contract itself is in
// port/backend_contract.h.
#ifndef IOCP_NET_IOCP_BACKEND_H_
#define IOCP_NET_IOCP_BACKEND_H_

#include <cstdint>

#include "iocp/completion_queue.h"
#include "iocp/pipe.h"
#include "iocp/receive_buffer.h"
#include "iocp/tcp.h"
#include "iocp/transport.h"
#include "port/address.h"
#include "port/endpoint.h"
#include "port/layout.h"
#include "port/send_queue.h"
#include "port/status.h"

namespace iocp_net {

class Engine;

class Backend final : private CompletionQueue::Dispatcher {
 public:
  static constexpr const char* kName = "iocp";
  static constexpr bool kAnswersInOrder = true;  // there a receive and a shutdown are two requests
  static constexpr size_t kPiecesMax = SIZE_MAX / 2;  // all of them
  static constexpr size_t kPipeNameBytesMax = SIZE_MAX;

  explicit Backend(Engine& engine)
      : engine_(engine), tcp_(engine, queue_, pool_), pipe_(engine, queue_, pool_) {}

  Status Open();

  Status Listen(Endpoint& endpoint, const Address& address, int32_t backlog, int32_t flags) {
    return Of(endpoint).Listen(endpoint, address, backlog, flags);
  }
  Status Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                 ConnectStage* failed) {
    return Of(endpoint).Connect(endpoint, peer, local, failed);
  }
  // A socket stays with the completion port that it was first associated with, and one from
  // elsewhere is libuv's.
  Status AdoptStream(Endpoint&, int64_t, bool) { return UV__ENOTSUP; }
  Status AdoptListener(Endpoint&, int64_t, bool, int32_t) { return UV__ENOTSUP; }
  int64_t Duplicate(Endpoint&) { return UV__ENOTSUP; }
  int64_t DescriptorOf(Endpoint&) { return UV__ENOTSUP; }
  // ConnectEx says the same of every connected socket.
  Status ConnectAgain(Endpoint&, const Address&) { return UV__EISCONN; }
  Status Accept(Endpoint& listener, Endpoint& fresh) {
    return Of(listener).Accept(listener, fresh);
  }
  Transfer Receive(Endpoint& endpoint, uint8_t* into, size_t bytes_max) {
    return Of(endpoint).Receive(endpoint, into, bytes_max);
  }
  size_t Available(Endpoint& endpoint) { return Of(endpoint).Available(endpoint); }
  void WatchReceive(Endpoint& endpoint) { Of(endpoint).WatchReceive(endpoint); }
  Transfer Send(Endpoint& endpoint, Spans spans) { return Of(endpoint).Send(endpoint, spans); }
  void WatchSend(Endpoint& endpoint) { Of(endpoint).WatchSend(endpoint); }
  // An overlapped send waits for room itself.
  bool WatchRoom(Endpoint& endpoint) {
    WatchSend(endpoint);
    return true;
  }
  // Of a pipe: UV__EAGAIN, and engine.OnShut when the peer has read everything.
  Status Shutdown(Endpoint& endpoint) { return Of(endpoint).Shutdown(endpoint); }
  void Close(Endpoint& endpoint, CloseHow how);
  Status SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t c, int32_t d) {
    return Of(endpoint).SetOption(endpoint, option, a, b, c, d);
  }
  Status LocalAddress(Endpoint& endpoint, Address* address) {
    return Of(endpoint).LocalAddress(endpoint, address);
  }
  Status PeerAddress(Endpoint& endpoint, Address* address) {
    return Of(endpoint).PeerAddress(endpoint, address);
  }

  int32_t Wait(int32_t timeout_ms);

  // For a loop that sleeps elsewhere: `wake` is called on another thread as soon as Wait has
  // something to collect after an Arm.
  Status StartSleeper(Sleeper::Wake wake, void* argument) {
    return queue_.StartSleeper(wake, argument);
  }
  void Arm() { queue_.Arm(); }
  // False while another Wait would probably find something: not the time to sleep.
  bool Drained() const { return queue_.Drained(); }

 private:
  Transport& Of(const Endpoint& endpoint) {
    if (endpoint.kind == EndpointKind::kPipe) return pipe_;
    return tcp_;
  }
  void Dispatch(IoOperation& operation, Status status, size_t bytes) override;
  void TryEndClose(Endpoint& endpoint);

  Engine& engine_;
  CompletionQueue queue_;
  ReceivePool pool_;
  Tcp tcp_;
  Pipe pipe_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_BACKEND_H_

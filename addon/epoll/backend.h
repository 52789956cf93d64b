// Linux: the port's contract over one edge-triggered epoll set. The contract itself is in
// port/backend_contract.h.
#ifndef IOCP_NET_EPOLL_BACKEND_H_
#define IOCP_NET_EPOLL_BACKEND_H_

#include <cstdint>

#include "epoll/descriptor.h"
#include "port/address.h"
#include "port/endpoint.h"
#include "port/layout.h"
#include "port/send_queue.h"
#include "port/status.h"

namespace iocp_net {

class Engine;

class Backend {
 public:
  static constexpr const char* kName = "epoll";
  static constexpr bool kAnswersInOrder = false;
  static constexpr size_t kPiecesMax = 1024;        // IOV_MAX
  static constexpr size_t kPipeNameBytesMax = 108;  // sun_path, which needs no terminator

  explicit Backend(Engine& engine) : engine_(engine) {}

  Status Open();

  Status Listen(Endpoint& endpoint, const Address& address, int32_t backlog, int32_t flags);
  Status Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                 ConnectStage* failed);
  Status AdoptStream(Endpoint& endpoint, int64_t descriptor, bool duplicate);
  Status AdoptListener(Endpoint& endpoint, int64_t descriptor, bool duplicate, int32_t backlog);
  int64_t Duplicate(Endpoint& endpoint);
  int64_t DescriptorOf(Endpoint& endpoint) { return endpoint.native.fd; }
  Status ConnectAgain(Endpoint& endpoint, const Address& peer);
  Status Accept(Endpoint& listener, Endpoint& fresh);
  Transfer Receive(Endpoint& endpoint, uint8_t* into, size_t bytes_max);
  size_t Available(Endpoint& endpoint);
  // Every edge is watched from the start: a connection is registered once in its life.
  void WatchReceive(Endpoint&) {}
  Transfer Send(Endpoint& endpoint, Spans spans);
  void WatchSend(Endpoint&) {}
  bool WatchRoom(Endpoint& endpoint);
  Status Shutdown(Endpoint& endpoint);
  void Close(Endpoint& endpoint, CloseHow how);
  Status SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t c, int32_t d);
  Status LocalAddress(Endpoint& endpoint, Address* address);
  Status PeerAddress(Endpoint& endpoint, Address* address);

  int32_t Wait(int32_t timeout_ms);

  // A loop that sleeps elsewhere watches this one: it is readable while Wait has something to
  // collect.
  int descriptor() const { return set_.get(); }

 private:
  bool Watch(int operation, Endpoint& endpoint, int fd);
  // Takes the descriptor over when it succeeds, and leaves it to the caller when not.
  Status Register(Endpoint& endpoint, Descriptor& descriptor);
  Status Adopt(Endpoint& endpoint, int fd, bool duplicate);
  void OnEvents(Endpoint& endpoint, uint32_t events);

  // Accepts and closes everybody who waits; UV__EAGAIN when nobody does any more.
  Status RefuseWaiting(const Endpoint& listener);

  Engine& engine_;
  Descriptor set_;
  // Given up for a moment when the process has no descriptors left (RefuseWaiting).
  Descriptor reserve_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_EPOLL_BACKEND_H_

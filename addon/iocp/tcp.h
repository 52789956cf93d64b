// TCP over overlapped sockets.
#ifndef IOCP_NET_IOCP_TCP_H_
#define IOCP_NET_IOCP_TCP_H_

#include <cstdint>

#include "iocp/transport.h"
#include "iocp/winsock.h"

namespace iocp_net {

class Tcp final : public Transport {
 public:
  using Transport::Transport;

  Status Open();

  Status Listen(Endpoint& endpoint, const Address& address, int32_t backlog,
                int32_t flags) override;
  Status Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                 ConnectStage* failed) override;
  Transfer Send(Endpoint& endpoint, Spans spans) override;
  Status Shutdown(Endpoint& endpoint) override;
  Status SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t c,
                   int32_t d) override;
  Status LocalAddress(Endpoint& endpoint, Address* address) override;
  Status PeerAddress(Endpoint& endpoint, Address* address) override;
  void BeginClose(Endpoint& endpoint, CloseHow how) override;
  void EndClose(Endpoint& endpoint) override;

  void OnConnected(Endpoint& endpoint, Status status) override;

 private:
  uint32_t StartReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max,
                        size_t* bytes) override;
  size_t TryAvailable(Endpoint& endpoint) override;
  uint32_t TryReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max, size_t* bytes) override;
  uint32_t StartSend(Endpoint& endpoint, SendOperation& operation, Spans spans,
                     size_t* bytes) override;

  // Asks again for one that could not be had before.
  Status FindProvider(int family, const Provider** provider);
  // Hands the socket over to the endpoint, whose packets come to the queue from now on.
  Status Adopt(Endpoint& endpoint, Socket socket, const Provider& provider);

  WinsockSession winsock_;
  Provider v4_;
  Provider v6_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_TCP_H_

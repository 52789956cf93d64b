// A listening socket.
#ifndef IOCP_NET_IOCP_TCP_LISTENER_H_
#define IOCP_NET_IOCP_TCP_LISTENER_H_

#include "iocp/accept_pool.h"

namespace iocp_net {

class CompletionQueue;
struct Provider;

class TcpListener final : public AcceptPool {
 public:
  // 32 as libuv has it: enough for a burst between two turns of the loop, and what goes beyond
  // waits in the backlog.
  static constexpr size_t kPoolSize = 32;

  TcpListener(CompletionQueue& queue, const Provider& provider, int family)
      : queue_(queue), provider_(provider), family_(family) {}

  void Close(Endpoint& endpoint) override;

 private:
  Posted Post(Endpoint& endpoint, AcceptOperation& operation) override;
  bool Finish(Endpoint& endpoint, AcceptOperation& operation) override;
  void CloseConnection(AcceptOperation& operation) override;

  CompletionQueue& queue_;
  const Provider& provider_;
  const int family_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_TCP_LISTENER_H_

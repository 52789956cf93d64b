// Named pipes. They know neither a non-blocking write nor a half-close; both are made up for here
// as libuv does.
#ifndef IOCP_NET_IOCP_PIPE_H_
#define IOCP_NET_IOCP_PIPE_H_

#include <cstdint>

#include "iocp/handle.h"
#include "iocp/transport.h"

namespace iocp_net {

class Pipe final : public Transport {
 public:
  using Transport::Transport;

  Status Open();

  Status Listen(Endpoint& endpoint, const Address& address, int32_t backlog,
                int32_t flags) override;
  Status Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                 ConnectStage* failed) override;
  Status Accept(Endpoint& listener, Endpoint& fresh) override;
  Transfer Send(Endpoint& endpoint, Spans spans) override;
  Status Shutdown(Endpoint& endpoint) override;
  Status SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t c,
                   int32_t d) override;
  Status LocalAddress(Endpoint& endpoint, Address* address) override;
  Status PeerAddress(Endpoint& endpoint, Address* address) override;
  void BeginClose(Endpoint& endpoint, CloseHow how) override;

  void OnConnected(Endpoint& endpoint, Status status) override;
  void OnReceived(Endpoint& endpoint, Status status, size_t bytes) override;
  // The peer has read everything.
  void OnFlushed(Endpoint& endpoint);
  // The peer may have been silent long enough.
  void OnSilence(Endpoint& endpoint);

 private:
  uint32_t StartReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max,
                        size_t* bytes) override;
  size_t TryAvailable(Endpoint& endpoint) override;
  uint32_t TryReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max, size_t* bytes) override;
  uint32_t StartSend(Endpoint& endpoint, SendOperation& operation, Spans spans,
                     size_t* bytes) override;

  Status Adopt(Endpoint& endpoint, Handle pipe);
  void AfterFlush(Endpoint& endpoint);
  void StartTimer(Endpoint& endpoint);
  void EndWhenSilent(Endpoint& endpoint);
  void EndNow(Endpoint& endpoint);

  Handle event_;  // of the reads that end at once
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_PIPE_H_

// What sockets and pipes have in common: the calls of the backend, and the policy of receives
// and sends. What differs is virtual.
#ifndef IOCP_NET_IOCP_TRANSPORT_H_
#define IOCP_NET_IOCP_TRANSPORT_H_

#include <cstdint>

#include "iocp/completion_queue.h"
#include "iocp/receive_buffer.h"
#include "port/address.h"
#include "port/endpoint.h"
#include "port/layout.h"
#include "port/send_queue.h"
#include "port/status.h"

namespace iocp_net {

class Engine;

class Transport {
 public:
  Transport(Engine& engine, CompletionQueue& queue, ReceivePool& pool)
      : engine_(engine), queue_(queue), pool_(pool) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual Status Listen(Endpoint& endpoint, const Address& address, int32_t backlog,
                        int32_t flags) = 0;
  virtual Status Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                         ConnectStage* failed) = 0;
  virtual Status Accept(Endpoint& listener, Endpoint& fresh);
  Transfer Receive(Endpoint& endpoint, uint8_t* into, size_t bytes_max);
  size_t Available(Endpoint& endpoint);
  void WatchReceive(Endpoint& endpoint);
  virtual Transfer Send(Endpoint& endpoint, Spans spans) = 0;
  void WatchSend(Endpoint& endpoint);
  virtual Status Shutdown(Endpoint& endpoint) = 0;
  virtual Status SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t c,
                           int32_t d) = 0;
  virtual Status LocalAddress(Endpoint& endpoint, Address* address) = 0;
  virtual Status PeerAddress(Endpoint& endpoint, Address* address) = 0;

  // Cancels what is in flight. Once all of it has come back, EndClose gives up the rest.
  virtual void BeginClose(Endpoint& endpoint, CloseHow how) = 0;
  virtual void EndClose(Endpoint& endpoint);

  // Each kind of operation calls its own when it has ended.
  void OnAccepted(Endpoint& endpoint, AcceptOperation& operation, Status status);
  virtual void OnConnected(Endpoint& endpoint, Status status) = 0;
  virtual void OnReceived(Endpoint& endpoint, Status status, size_t bytes);
  void OnSent(Endpoint& endpoint, Status status, size_t bytes);
  // Of an endpoint that closes: a write that had its outcome before the close keeps it.
  void OnSentLast(Endpoint& endpoint, Status status, size_t bytes);

 protected:
  ~Transport() = default;

  // Of one operation in flight: it pins its bytes and reports nothing before it has ended, so a
  // large write goes in steps, and an idle timeout sees that it goes on.
  static constexpr size_t kSpansMax = 64;
  static constexpr size_t kSendBytesMax = 1024 * 1024;

  // Each answers with the system's error: 0 with the bytes moved, ERROR_IO_PENDING while the
  // operation is in flight.
  virtual uint32_t StartReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max,
                                size_t* bytes) = 0;
  virtual uint32_t StartSend(Endpoint& endpoint, SendOperation& operation, Spans spans,
                             size_t* bytes) = 0;
  // Bytes that the system holds for the endpoint; 0: unknown.
  virtual size_t TryAvailable(Endpoint& endpoint) = 0;
  // Takes what has arrived, at least one byte, or says without blocking that there is none.
  virtual uint32_t TryReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max,
                              size_t* bytes) = 0;

  Engine& engine_;
  CompletionQueue& queue_;

 private:
  ReceivePool& pool_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_TRANSPORT_H_

// The port itself: takes submissions, drives the backend, posts completions. It knows neither an
// operating system nor Node: the binding gives it memory and time, the load generator and the
// native tests do the same without Node.
#ifndef IOCP_NET_PORT_ENGINE_H_
#define IOCP_NET_PORT_ENGINE_H_

#include <cstdint>
#include <memory>

#include "port/address.h"
#include "port/endpoint.h"
#include "port/layout.h"
#include "port/rings.h"
#include "port/send_queue.h"
#include "port/status.h"

namespace iocp_net {

class Backend;

// Memory that both sides see. It must outlive the engine and start zeroed.
struct SharedMemory {
  int32_t* control = nullptr;  // kControlWords
  double* counters = nullptr;  // kCounterCount
  uint8_t* slab = nullptr;     // kSlabBytes
  uint8_t* arena = nullptr;    // kArenaBytes
};

class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Status Open(const SharedMemory& memory);
  // Cancels, drains and frees everything; the engine takes no calls afterwards.
  void End();

  // Direct calls: their answer is needed at once. On success the reply words name the endpoint;
  // when Connect fails, kReplyIndex holds the ConnectStage that did.
  Status Listen(const Address& address, int32_t backlog, int32_t flags);
  Status Connect(const Address& peer, const Address* local);
  // Carries a socket that somebody else has opened; AdoptFlag. On failure the descriptor is still
  // the caller's, and UV__ENOTSUP says that it is nothing the port can carry. On success kReplyKind
  // says what it is.
  Status Adopt(int64_t descriptor, int32_t flags, int32_t backlog);
  // A further descriptor of the same socket, which belongs to the caller; below 0 it is a status.
  int64_t Duplicate(int32_t index, int32_t generation);
  // The endpoint's own descriptor, to be looked at; UV__ENOTSUP where sockets have none.
  int64_t DescriptorOf(int32_t index, int32_t generation);
  Status ConnectAgain(int32_t index, int32_t generation, const Address& peer);
  // Sends what the kernel takes now and queues the rest by reference, until kSent. Returns the
  // bytes taken at once, or a negative status. The caller keeps the spans' memory alive until kSent
  // or kClosed. `pieces`: how many the program wrote; of more than libuv hands over in a call
  // (Backend::kPiecesMax) kSent follows in any case, and of more than in two the rest waits for
  // room, as with libuv.
  int64_t Send(int32_t index, int32_t generation, Spans spans, size_t pieces = 1);
  // Sends what the kernel takes now of the first bytes of the slab, and queues nothing. Arguments
  // and answer are words of the control block.
  void SendSlab();
  // Answered by kClosed; what waits to be sent is given up.
  void Close(int32_t index, int32_t generation, CloseHow how);
  Status SetOption(int32_t index, int32_t generation, Option option, int32_t a, int32_t b,
                   int32_t c, int32_t d);
  Status LocalAddress(int32_t index, int32_t generation, Address* address);
  Status PeerAddress(int32_t index, int32_t generation, Address* address);
  // After kReceivable: the bytes received into `into`, 0 when the peer has ended its direction,
  // UV__EAGAIN when nothing came after all, or another negative status.
  int64_t Receive(int32_t index, int32_t generation, uint8_t* into, size_t bytes_max);
  // Bytes that wait to be sent.
  size_t QueuedBytes(int32_t index, int32_t generation);

  // Takes every waiting submission.
  void Flush();
  // Collects completions: waits up to timeout_ms for the first event (0: does not wait), then
  // serves ready endpoints, each within its budget. `first`: of this iteration of the loop.
  void Reap(int32_t timeout_ms, bool first = true);
  // Whether Reap would find work without an event from the system.
  bool HasReady() const { return ready_.head != nullptr; }
  // The same of the next iteration's first Reap.
  bool HasLater() const { return later_.head != nullptr; }
  // Whether ServeEnded may find something: endpoints that are ready, and have nothing left but the
  // end, as the call found that asked for more. They are served whoever else has to wait.
  bool MayHaveEnded() const { return answered_at_once_; }
  void ServeEnded();
  bool HasSubmissions() const { return !submissions_.Empty(); }
  bool HasCompletions() const { return !completions_.Empty(); }
  // Moves completions that did not fit into the ring; call before each dispatch.
  void RefillCompletions() { completions_.Refill(); }
  size_t OpenEndpoints() const { return table_.Open(); }
  void Count(Counter counter, double by = 1) { memory_.counters[counter] += by; }

  Backend& backend() { return *backend_; }

  // From the backend.
  Endpoint* Find(int32_t index, int32_t generation) { return table_.Find(index, generation); }
  void OnReadable(Endpoint& endpoint);
  // After OnReadable: WatchReceive had its answer at once, more bytes or the end.
  void OnAnsweredAtOnce(Endpoint& endpoint);
  void OnWritable(Endpoint& endpoint, size_t sent, Status status);
  // A send of an endpoint that closes has ended by itself, not by the close.
  void OnSentLast(Endpoint& endpoint, size_t sent, Status status);
  void OnAcceptable(Endpoint& listener);
  void OnConnected(Endpoint& endpoint, Status status);
  void OnShut(Endpoint& endpoint, Status status);
  void OnClosed(Endpoint& endpoint);

 private:
  void Apply(const Submission& submission);
  int64_t SendNow(Endpoint& endpoint, struct Remainder* left, size_t bytes_max);
  void FlushBeforeSend();
  void MoveOn(Endpoint& endpoint, size_t sent, Status status);
  void MoveQueue(Endpoint& endpoint);
  void AfterQueue(Endpoint& endpoint);
  void FailSend(Endpoint& endpoint, Status status);
  void TryShutdown(Endpoint& endpoint);

  void StartReceiving(Endpoint& endpoint, ReceiveMode mode);
  // Endpoints that wait for their turn, linked by next_ready; each is in one of them at most.
  struct List {
    Endpoint* head = nullptr;
    Endpoint* tail = nullptr;
  };
  void Enqueue(Endpoint& endpoint) { Enqueue(endpoint, &ready_); }
  static void Enqueue(Endpoint& endpoint, List* list);
  void TakeLater();
  void ServeReady();
  void Serve(Endpoint& endpoint);
  void ServeConnected(Endpoint& endpoint);
  void ServeAccept(Endpoint& listener);
  bool ServeReceive(Endpoint& endpoint);
  void ServeDeferred(Endpoint& endpoint, bool goes_on);
  void AfterReceive(Endpoint& endpoint, const Transfer& result);
  bool ArenaHasRoom() const { return arena_used_ + kReceiveBytesMax <= kArenaBytes; }
  uint8_t* Arena() { return memory_.arena + arena_used_; }

  void Post(Completion completion, const Endpoint& endpoint, Status status = kOk, int32_t a = 0,
            int32_t b = 0);
  void Reply(const Endpoint& endpoint);

  SharedMemory memory_;
  SubmissionRing submissions_;
  CompletionRing completions_;
  EndpointTable table_;
  std::unique_ptr<Backend> backend_;
  List ready_;
  List later_;                     // for the next iteration of the loop
  bool answered_at_once_ = false;  // an endpoint in the ready list, perhaps
  int32_t arena_used_ = 0;
  bool ended_ = false;
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_ENGINE_H_

// The contract that every backend keeps. There is one backend per operating system, chosen when the
// port is compiled; whoever knows one of them finds the other's files under the same names.
//
// All of it runs on the thread that owns the engine. A backend calls no JavaScript and knows no
// Node-API.
#ifndef IOCP_NET_PORT_BACKEND_CONTRACT_H_
#define IOCP_NET_PORT_BACKEND_CONTRACT_H_

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "port/address.h"
#include "port/endpoint.h"
#include "port/layout.h"
#include "port/send_queue.h"
#include "port/status.h"

namespace iocp_net {

class Engine;

template <typename B>
concept BackendConstants = requires {
  // The engine's name in `engine.name`.
  { B::kName } -> std::convertible_to<const char*>;
  // Pieces that libuv hands to this system in one call.
  { B::kPiecesMax } -> std::convertible_to<size_t>;
  // Bytes of a pipe's name that the system takes.
  { B::kPipeNameBytesMax } -> std::convertible_to<size_t>;
  // Whether libuv on this system reports a shutdown after a receive that was started before it.
  { B::kAnswersInOrder } -> std::convertible_to<bool>;
};

template <typename B>
concept BackendOpens = std::constructible_from<B, Engine&> &&
    requires(B b, Endpoint& endpoint, Endpoint& fresh, const Address& address, int32_t number,
             int64_t descriptor, bool duplicate, ConnectStage* failed) {
  // Claims what the system must give; undone by the destructor.
  { b.Open() } -> std::same_as<Status>;
  // Binds and listens: (endpoint, address, backlog, ListenFlags).
  { b.Listen(endpoint, address, number, number) } -> std::same_as<Status>;
  // (endpoint, peer, local or null, failed). Answered by engine.OnConnected, never from inside
  // the call. A failed call releases what it took and reports the stage.
  { b.Connect(endpoint, address, &address, failed) } -> std::same_as<Status>;
  // What the system says to connect() on a connected endpoint.
  { b.ConnectAgain(endpoint, address) } -> std::same_as<Status>;
  // Carry a socket that was opened elsewhere, and set endpoint.kind. A failed call leaves the
  // descriptor to its owner. UV__ENOTSUP: it is nothing that the backend can carry.
  { b.AdoptStream(endpoint, descriptor, duplicate) } -> std::same_as<Status>;
  { b.AdoptListener(endpoint, descriptor, duplicate, number) } -> std::same_as<Status>;
  // A further descriptor of the socket for the caller, or a status; UV__ENOTSUP where sockets
  // have none.
  { b.Duplicate(endpoint) } -> std::same_as<int64_t>;
  // The socket's own descriptor, to be looked at, or UV__ENOTSUP.
  { b.DescriptorOf(endpoint) } -> std::same_as<int64_t>;
  // (listener, fresh). UV__EAGAIN: none is waiting; engine.OnAcceptable follows when one is.
  { b.Accept(endpoint, fresh) } -> std::same_as<Status>;
};

template <typename B>
concept BackendMoves = requires(B b, Endpoint& endpoint, uint8_t* into, size_t bytes_max,
                                Spans spans) {
  // Never blocks.
  { b.Receive(endpoint, into, bytes_max) } -> std::same_as<Transfer>;
  // Bytes that Receive would give at once; 0: unknown.
  { b.Available(endpoint) } -> std::same_as<size_t>;
  // engine.OnReadable follows as soon as Receive would not block. Where that is so at once, and
  // libuv reports an end in the iteration in which it asked, engine.OnAnsweredAtOnce follows that.
  { b.WatchReceive(endpoint) } -> std::same_as<void>;
  // Never blocks.
  { b.Send(endpoint, spans) } -> std::same_as<Transfer>;
  // Moves endpoint.queue on in the background, or waits until Send would. Answered by
  // engine.OnWritable(bytes taken from the queue's front, status); more than once where room alone
  // is reported, as by epoll.
  { b.WatchSend(endpoint) } -> std::same_as<void>;
  // For one that has taken everything so far: engine.OnWritable(0, kOk) follows as soon as the
  // system reports room. False when it cannot be asked.
  { b.WatchRoom(endpoint) } -> std::same_as<bool>;
  // Ends our direction; the queue is empty. UV__EAGAIN: under way, answered by one engine.OnShut.
  { b.Shutdown(endpoint) } -> std::same_as<Status>;
};

template <typename B>
concept BackendEnds = requires(B b, Endpoint& endpoint, CloseHow how, Option option, int32_t number,
                               Address* address) {
  // Cancels what is in flight and closes the handle. Answered by one engine.OnClosed, perhaps from
  // inside.
  { b.Close(endpoint, how) } -> std::same_as<void>;
  { b.SetOption(endpoint, option, number, number, number, number) } -> std::same_as<Status>;
  { b.LocalAddress(endpoint, address) } -> std::same_as<Status>;
  { b.PeerAddress(endpoint, address) } -> std::same_as<Status>;
  // Collects what has happened and calls the engine's On...; the number of events. -1
  // milliseconds: until one comes.
  { b.Wait(number) } -> std::same_as<int32_t>;
};

template <typename B>
concept BackendContract =
    BackendConstants<B> && BackendOpens<B> && BackendMoves<B> && BackendEnds<B>;

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_BACKEND_CONTRACT_H_

// The contract that every backend keeps. There is one backend per operating system, chosen when the
// port is compiled; each is a class `Backend` with exactly these members (addon/epoll/backend.h,
// addon/iocp/backend.h):
//
//   static constexpr const char* kName;
//   static constexpr size_t kPipeNameBytesMax;
//   static constexpr bool kAnswersInOrder;
//     Whether libuv on this system tells of a shutdown behind a receive that was started before it.
//
//   explicit Backend(Engine&);
//   Status Open();
//     Claims what the system must give; undone by the destructor.
//
//   Status Listen(Endpoint&, const Address&, int32_t backlog, int32_t flags);
//     Binds and listens.
//   Status Connect(Endpoint&, const Address& peer, const Address* local, ConnectStage* failed);
//     Answered by engine.OnConnected, never from inside the call. A failed call releases what it
//     took and tells the stage.
//   Status AdoptStream(Endpoint&, int64_t descriptor, bool duplicate);
//   Status AdoptListener(Endpoint&, int64_t descriptor, bool duplicate, int32_t backlog);
//     Carries a socket that was opened elsewhere; sets endpoint.kind. A failed call leaves the
//     descriptor to its owner. UV__ENOTSUP: it is nothing that the backend can carry.
//   int64_t Duplicate(Endpoint&);
//     A further descriptor of the socket for the caller, or a status; UV__ENOTSUP where sockets
//     have none.
//   int64_t DescriptorOf(Endpoint&);
//     The socket's own descriptor, or UV__ENOTSUP.
//   Status ConnectAgain(Endpoint&, const Address& peer);
//     What the system says to connect() on a connected endpoint.
//   Status Accept(Endpoint& listener, Endpoint& fresh);
//     UV__EAGAIN: none is waiting. engine.OnAcceptable tells when one is; the first call of Listen
//     starts the telling.
//
//   Transfer Receive(Endpoint&, uint8_t* into, size_t bytes_max);
//     Never blocks.
//   size_t Available(Endpoint&);
//     Bytes that Receive would give at once; 0: unknown.
//   void WatchReceive(Endpoint&);
//     engine.OnReadable as soon as Receive would not block.
//
//   Transfer Send(Endpoint&, const Span*, size_t count);
//     Never blocks.
//   void WatchSend(Endpoint&);
//     Moves endpoint.queue on in the background, or waits until Send would. Answered by one
//     engine.OnWritable(bytes taken from the queue's front, status).
//   bool MayLinger(const Endpoint&);
//     While a WatchSend is under way: may the queue's borrowed spans be discarded now, and the
//     owned ones before them go on?
//   Status Shutdown(Endpoint&);
//     Ends our direction; the queue is empty. UV__EAGAIN: under way, answered by one engine.OnShut.
//
//   void Close(Endpoint&, CloseHow);
//     Cancels what is in flight and closes the handle. Answered by one engine.OnClosed, perhaps
//     from inside.
//   Status SetOption(Endpoint&, Option, int32_t a, int32_t b, int32_t c, int32_t d);
//   Status LocalAddress(Endpoint&, Address*);
//   Status PeerAddress(Endpoint&, Address*);
//
//   int32_t Wait(int32_t timeout_ms);
//     Collects what has happened and calls the engine's On...; the number of events. -1
//     milliseconds: until one comes.
//
// All of it runs on the thread that owns the engine. A backend calls no JavaScript and knows no
// Node-API.
#ifndef IOCP_NET_PORT_BACKEND_H_
#define IOCP_NET_PORT_BACKEND_H_

#ifdef _WIN32
#include "iocp/backend.h"
#else
#include "epoll/backend.h"
#endif

#endif  // IOCP_NET_PORT_BACKEND_H_

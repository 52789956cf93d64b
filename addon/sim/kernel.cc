// Descriptors and connections; names are in kernel_name.cc, bytes in kernel_stream.cc, readiness
// and time in kernel_ready.cc.
#include "sim/kernel.h"

#include <algorithm>

#include "sim/name.h"

namespace iocp_net::sim {

Kernel*& Kernel::Current() {
  thread_local Kernel* current = nullptr;
  return current;
}

bool Kernel::Fails(uint32_t chance) {
  if (process_ != Process::kTested || !random_.Chance(chance)) return false;
  fault_count_++;
  return true;
}

Status Kernel::Error(std::initializer_list<Status> possible) {
  if (!Fails(faults_.errors)) return kOk;
  return *(possible.begin() + random_.Below(possible.size()));
}

Socket* Kernel::Of(int fd) {
  if (fd < 0) return nullptr;
  const auto at = static_cast<size_t>(fd);
  if (at < descriptors_.size() && descriptors_[at].socket != 0) {
    return FindById(descriptors_[at].socket);
  }
  bad_descriptor_count_++;
  return nullptr;
}

const Socket* Kernel::Find(int fd) const {
  const auto at = static_cast<size_t>(fd);
  if (fd < 0 || at >= descriptors_.size() || descriptors_[at].socket == 0) return nullptr;
  return sockets_.at(descriptors_[at].socket).get();
}

Socket* Kernel::FindById(uint64_t id) {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : found->second.get();
}

Socket& Kernel::Create(EndpointKind kind, int32_t family) {
  auto socket = std::make_unique<Socket>();
  socket->id = next_id_++;
  socket->kind = kind;
  socket->family = family;
  socket->local.kind = socket->peer.kind = kind;
  socket->local.family = socket->peer.family = family;
  Socket& created = *socket;
  sockets_[created.id] = std::move(socket);
  return created;
}

int Kernel::Install(Socket& socket) {
  if (process_ == Process::kTested &&
      Descriptors(Process::kTested) >= static_cast<size_t>(faults_.descriptors_max)) {
    fault_count_++;
    return UV__EMFILE;
  }
  // The lowest free number, as everywhere: numbers are reused at once.
  size_t fd = 0;
  while (fd < descriptors_.size() && descriptors_[fd].socket != 0) fd++;
  if (fd == descriptors_.size()) descriptors_.emplace_back();
  descriptors_[fd] = {socket.id, process_};
  socket.references++;
  return static_cast<int>(fd);
}

size_t Kernel::Descriptors(Process process) const {
  return static_cast<size_t>(
      std::count_if(descriptors_.begin(), descriptors_.end(), [&](const Descriptor& descriptor) {
        return descriptor.socket != 0 && descriptor.process == process;
      }));
}

int Kernel::Open(EndpointKind kind, int32_t family) {
  const Status error = Error({UV__EMFILE, UV__ENFILE, UV__ENOBUFS, UV__ENOMEM, UV__EACCES});
  if (error != kOk) return error;
  Socket& socket = Create(kind, family);
  const int fd = Install(socket);
  if (fd < 0) sockets_.erase(socket.id);
  return fd;
}

int Kernel::Duplicate(int fd) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status error = Error({UV__EMFILE}); error != kOk) return error;
  return Install(*socket);
}

void Kernel::Close(int fd) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return;
  descriptors_[static_cast<size_t>(fd)] = {};
  Release(socket->id);
}

void Kernel::Hold(int fd) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return;
  socket->references++;
  held_.push_back(socket->id);
}

void Kernel::LetGo(size_t which) {
  const uint64_t id = held_[which];
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
  Release(id);
}

void Kernel::Release(uint64_t id) {
  Socket& socket = *sockets_.at(id);
  if (--socket.references == 0) Destroy(socket);
}

// TCP alone: nothing is left of the connection but what was received.
bool Kernel::Over(const Socket& socket) {
  if (socket.kind != EndpointKind::kTcp) return false;
  const Socket* const peer = PeerOf(socket);
  const bool fin_taken = socket.fin_sent && (peer == nullptr || peer->in.fin_arrived);
  return socket.dead || (socket.in.fin_arrived && fin_taken);
}

// The last descriptor has been closed, or the listener of a connection that nobody has accepted.
void Kernel::Destroy(Socket& socket, bool accepted) {
  const std::unique_ptr<Socket> gone = std::move(sockets_.at(socket.id));
  sockets_.erase(socket.id);
  if (socket.bound && socket.kind == EndpointKind::kTcp) {
    auto& owners = bound_[{socket.local.host, socket.local.port}];
    std::erase(owners, socket.id);
    if (owners.empty()) bound_.erase({socket.local.host, socket.local.port});
  }
  if (socket.bound && socket.kind == EndpointKind::kPipe && Abstract(socket.local)) {
    paths_.erase(socket.local.host);
  }
  // Whoever was not accepted is reset; whoever found no place is refused.
  for (const uint64_t id : socket.backlog) {
    Socket* const server = FindById(id);
    server->reset_on_close = true;
    Destroy(*server, false);
  }
  for (const uint64_t id : socket.waiting) {
    Socket* const client = FindById(id);
    if (client != nullptr && client->state == Socket::State::kConnecting) {
      Refuse(*client, UV__ECONNREFUSED);
    }
  }
  Socket* const peer = PeerOf(socket);
  if (peer == nullptr || peer->dead || Over(socket)) return;
  const bool unread = socket.in.Size() > 0;
  if (socket.kind == EndpointKind::kPipe) {
    if (unread || !accepted) {
      peer->error = UV__ECONNRESET;
      socket.link->disturbed = true;
    }
    const bool ended = std::exchange(peer->in.fin, true);
    Transmit(*peer);
    if (ended) Raise(*peer);  // whoever waits for room gets none any more
    return;
  }
  if (unread || socket.reset_on_close) {
    SendReset(*peer);
  } else {
    peer->in.fin = true;
    Transmit(*peer);
  }
}

Status Kernel::Listen(int fd, int32_t backlog) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status error = Error({UV__EADDRINUSE}); error != kOk) return error;
  socket->state = Socket::State::kListening;
  socket->backlog_max = std::max(backlog, 1);
  return kOk;
}

Status Kernel::Connect(int fd, const Address& peer) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (socket->state == Socket::State::kConnected) {
    // The first call after a connect that went on in the background gets its result.
    return std::exchange(socket->connect_untold, false) ? kOk : UV__EISCONN;
  }
  if (socket->state != Socket::State::kFresh) return UV__EALREADY;
  const Status error = Error({UV__EINTR, UV__ENETUNREACH, UV__EADDRNOTAVAIL, UV__ECONNREFUSED,
                              UV__EHOSTUNREACH, UV__EACCES});
  if (error != kOk) return error;
  socket->peer = peer;
  if (socket->kind == EndpointKind::kPipe) {
    if (paths_.count(peer.host) == 0) return Abstract(peer) ? UV__ECONNREFUSED : UV__ENOENT;
    return TryConnect(*socket);
  }
  if (!OfThisMachine(peer.host)) return UV__ENETUNREACH;
  if (Wildcard(peer.host)) socket->peer.host = peer.family == 6 ? "::1" : "127.0.0.1";
  if (!socket->bound) {
    socket->local.host = socket->peer.host;
    socket->local.port = FreePort();
  }
  socket->state = Socket::State::kConnecting;
  socket->connect_untold = true;
  if (Fails(faults_.losses)) {
    Later(Happening::kTimeOut, *socket);
    return kInProgress;
  }
  if (Fails(faults_.late)) {
    Later(Happening::kConnect, *socket);
    return kInProgress;
  }
  return TryConnect(*socket);
}

// A listener that is there and has room takes the connection; one without room lets TCP wait.
Status Kernel::TryConnect(Socket& client) {
  Socket* const listener = ListenerAt(client.peer);
  if (listener == nullptr || listener->state != Socket::State::kListening) {
    if (client.kind == EndpointKind::kTcp) Refuse(client, kOk);
    return UV__ECONNREFUSED;
  }
  if (listener->backlog.size() > static_cast<size_t>(listener->backlog_max)) {
    if (client.kind == EndpointKind::kPipe) return UV__EAGAIN;
    listener->waiting.push_back(client.id);
    return kInProgress;
  }
  Establish(*listener, client);
  return client.kind == EndpointKind::kPipe ? kOk : kInProgress;
}

void Kernel::Establish(Socket& listener, Socket& client) {
  Socket& server = Create(client.kind, client.family);
  server.state = client.state = Socket::State::kConnected;
  server.link = client.link = std::make_shared<Link>();
  server.peer_id = client.id;
  client.peer_id = server.id;
  // At a listener of both families.
  const bool mapped = listener.family != client.family;
  server.family = listener.family;
  server.local = mapped ? Mapped(client.peer) : client.peer;
  server.peer = mapped ? Mapped(client.local) : client.local;
  connection_count_++;
  listener.backlog.push_back(server.id);
  Raise(listener);  // before the client: as over a loopback device
  Raise(client);
}

void Kernel::AdmitWaiting(Socket& listener) {
  while (!listener.waiting.empty() &&
         listener.backlog.size() <= static_cast<size_t>(listener.backlog_max)) {
    Socket* const client = FindById(listener.waiting.front());
    listener.waiting.pop_front();
    if (client != nullptr && client->state == Socket::State::kConnecting) {
      Establish(listener, *client);
    }
  }
}

void Kernel::Refuse(Socket& client, Status status) {
  client.state = Socket::State::kRefused;
  client.error = status;
  Raise(client);
}

int Kernel::Accept(int fd) {
  Socket* const listener = Of(fd);
  if (listener == nullptr) return UV__EBADF;
  if (listener->state != Socket::State::kListening) return UV__EINVAL;
  const Status error = Error(
      {UV__EINTR, UV__ECONNABORTED, UV__EPROTO, UV__EMFILE, UV__ENFILE, UV__ENOBUFS, UV__ENOMEM});
  if (listener->backlog.empty()) return UV__EAGAIN;
  if (error == UV__ECONNABORTED || error == UV__EPROTO) {
    // Of the connection that waited: it is gone.
    Socket& server = *FindById(listener->backlog.front());
    listener->backlog.pop_front();
    server.reset_on_close = true;
    Destroy(server, false);
    AdmitWaiting(*listener);
  }
  if (error != kOk) return error;
  Socket& server = *FindById(listener->backlog.front());
  const int accepted = Install(server);
  if (accepted < 0) return accepted;
  listener->backlog.pop_front();
  AdmitWaiting(*listener);
  return accepted;
}

Status Kernel::SetOption(int fd) {
  if (Of(fd) == nullptr) return UV__EBADF;
  return Error({UV__EINVAL, UV__ENOBUFS, UV__ENOMEM});
}

void Kernel::ResetOnClose(int fd) {
  Socket* const socket = Of(fd);
  if (socket != nullptr) socket->reset_on_close = true;
}

Status Kernel::TakeError(int fd) {
  Socket* const socket = Of(fd);
  return socket == nullptr ? UV__EBADF : std::exchange(socket->error, kOk);
}

Status Kernel::LocalAddress(int fd, Address* address) {
  const Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status error = Error({UV__ENOBUFS}); error != kOk) return error;
  *address = socket->local;
  return kOk;
}

Status Kernel::PeerAddress(int fd, Address* address) {
  const Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status error = Error({UV__ENOBUFS}); error != kOk) return error;
  if (socket->state != Socket::State::kConnected || Over(*socket)) return UV__ENOTCONN;
  *address = socket->peer;
  return kOk;
}

}  // namespace iocp_net::sim

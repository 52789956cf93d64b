#include "epoll/backend.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <climits>

#include "epoll/address.h"
#include "epoll/options.h"
#include "port/engine.h"

namespace iocp_net {

namespace {

constexpr int kEventsMax = 256;
constexpr size_t kVectorsMax = 64;

Descriptor OpenSocket(int family) {
  return Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// As libuv binds: a port in TIME_WAIT may be taken again, and an IPv6 socket carries IPv4 too
// unless asked not to.
Status Bind(int fd, const SystemAddress& address, int32_t flags) {
  if (address.family() == AF_UNIX) {
    if (::bind(fd, &address.base, address.length) == 0) return kOk;
    // A missing directory reads as "no access", on both systems.
    return errno == ENOENT ? UV__EACCES : -errno;
  }
  if (Status status = SetFlag(fd, SOL_SOCKET, SO_REUSEADDR, 1); status != kOk) return status;
  if ((flags & kReusePort) != 0) {
    if (Status status = SetFlag(fd, SOL_SOCKET, SO_REUSEPORT, 1); status != kOk) return status;
  }
  if (address.family() == AF_INET6) {
    const int only = (flags & kIpv6Only) != 0 ? 1 : 0;
    if (Status status = SetFlag(fd, IPPROTO_IPV6, IPV6_V6ONLY, only); status != kOk) return status;
  }
  if (::bind(fd, &address.base, address.length) == 0) return kOk;
  return errno == EAFNOSUPPORT ? UV__EINVAL : -errno;
}

// Streams over TCP and Unix sockets are what the port carries.
Status KindOf(int fd, EndpointKind* kind) {
  int type = 0;
  int domain = 0;
  socklen_t length = sizeof(type);
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) {
    return errno == ENOTSOCK ? UV__ENOTSUP : -errno;
  }
  length = sizeof(domain);
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0) return -errno;
  if (type != SOCK_STREAM) return UV__ENOTSUP;
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX) return UV__ENOTSUP;
  *kind = domain == AF_UNIX ? EndpointKind::kPipe : EndpointKind::kTcp;
  return kOk;
}

// Never one of the standard streams' numbers, which may be free.
Descriptor Copy(int fd) { return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)); }

// A read from a Unix socket also stops after bytes that carry descriptors. Those are not taken:
// the system closes them, and says that it has.
ssize_t ReceiveLocal(int fd, uint8_t* into, size_t bytes_max, bool* stopped) {
  iovec vector{into, bytes_max};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  const ssize_t received = ::recvmsg(fd, &message, 0);
  *stopped = received > 0 && (message.msg_flags & MSG_CTRUNC) != 0;
  return received;
}

// What an event carries. A registration outlives close() while any duplicate of the descriptor does
// (a child between fork and exec), so its events name the generation of the slot, too.
uint64_t NameOf(const Endpoint& endpoint) {
  return static_cast<uint64_t>(static_cast<uint32_t>(endpoint.generation)) << 32 | endpoint.index;
}

// Errors of the connection that was waiting, not of the listener: accept(2) says to go on with the
// next one.
bool OfWaitingConnection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

Descriptor OpenReserve() { return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// Not recv() and send(): in a process with several threads those are cancellation points, which
// cost a twentieth of an echo.
ssize_t ReceiveNow(int fd, uint8_t* into, size_t bytes_max) {
  return ::syscall(SYS_recvfrom, fd, into, bytes_max, 0, nullptr, nullptr);
}

ssize_t SendNow(int fd, const Span& span) {
  return ::syscall(SYS_sendto, fd, span.data(), span.size(), MSG_NOSIGNAL, nullptr, 0);
}

}  // namespace

Status Backend::Open() {
  set_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  if (!set_.valid()) return -errno;
  reserve_ = OpenReserve();
  return kOk;
}

bool Backend::Watch(int operation, Endpoint& endpoint, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
  event.data.u64 = NameOf(endpoint);
  return ::epoll_ctl(set_.get(), operation, fd, &event) == 0;
}

Status Backend::Register(Endpoint& endpoint, Descriptor& descriptor) {
  if (!Watch(EPOLL_CTL_ADD, endpoint, descriptor.get())) return -errno;
  endpoint.native.fd = descriptor.Release();
  return kOk;
}

Status Backend::Listen(Endpoint& endpoint, const Address& address, int32_t backlog, int32_t flags) {
  SystemAddress system;
  if (Status status = ToSystem(address, &system); status != kOk) return status;
  Descriptor socket = OpenSocket(system.family());
  if (!socket.valid()) return errno == EAFNOSUPPORT ? UV__EINVAL : -errno;
  if (Status status = Bind(socket.get(), system, flags); status != kOk) return status;
  if (address.kind == EndpointKind::kPipe && address.host[0] != '\0') {
    endpoint.native.unlink_path = std::make_unique<std::string>(address.host);
  }
  Status status = ::listen(socket.get(), backlog) == 0 ? kOk : -errno;
  if (status == kOk) status = Register(endpoint, socket);
  if (status != kOk && endpoint.native.unlink_path != nullptr) ::unlink(address.host.c_str());
  return status;
}

Status Backend::Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                        ConnectStage* failed) {
  *failed = ConnectStage::kConnect;
  SystemAddress remote;
  if (Status status = ToSystem(peer, &remote); status != kOk) return status;
  Descriptor socket = OpenSocket(remote.family());
  if (!socket.valid()) return -errno;
  if (local != nullptr) {
    *failed = ConnectStage::kBind;
    SystemAddress from;
    if (Status status = ToSystem(*local, &from); status != kOk) return status;
    if (Status status = Bind(socket.get(), from, 0); status != kOk) return status;
    *failed = ConnectStage::kConnect;
  }
  int result;
  do {
    result = ::connect(socket.get(), &remote.base, remote.length);
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno != EINPROGRESS) {
    // A refusal that is known at once is reported like one that comes later; so is every failure of
    // a local socket.
    if (errno != ECONNREFUSED && peer.kind != EndpointKind::kPipe) return -errno;
    endpoint.native.connect_error = -errno;
  }
  return Register(endpoint, socket);
}

Status Backend::AdoptStream(Endpoint& endpoint, int64_t descriptor, bool duplicate) {
  if (descriptor < 0 || descriptor > INT_MAX) return UV__EBADF;
  const int fd = static_cast<int>(descriptor);
  EndpointKind kind = EndpointKind::kTcp;
  if (Status status = KindOf(fd, &kind); status != kOk) return status;
  // Only a connected one: what node:net does with the others, its own socket does.
  SystemAddress peer;
  peer.length = sizeof(peer.storage);
  if (::getpeername(fd, &peer.base, &peer.length) != 0) return -errno;
  endpoint.kind = kind;
  return Adopt(endpoint, fd, duplicate);
}

Status Backend::AdoptListener(Endpoint& endpoint, int64_t descriptor, bool duplicate,
                              int32_t backlog) {
  if (descriptor < 0 || descriptor > INT_MAX) return UV__EBADF;
  const int fd = static_cast<int>(descriptor);
  EndpointKind kind = EndpointKind::kTcp;
  if (Status status = KindOf(fd, &kind); status != kOk) return status;
  if (::listen(fd, backlog) != 0) return -errno;
  endpoint.kind = kind;
  return Adopt(endpoint, fd, duplicate);
}

Status Backend::Adopt(Endpoint& endpoint, int fd, bool duplicate) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  if ((flags & O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  // Before the socket can have an event: a duplicate is shared with the caller's descriptor, and
  // one that was handed to the process with whoever opened it.
  endpoint.native.shared = true;
  if (duplicate) {
    Descriptor copy = Copy(fd);
    if (!copy.valid()) return -errno;
    return Register(endpoint, copy);
  }
  Descriptor given(fd);
  const Status status = Register(endpoint, given);
  if (status != kOk) given.Release();
  return status;
}

int64_t Backend::Duplicate(Endpoint& endpoint) {
  Descriptor copy = Copy(endpoint.native.fd);
  if (!copy.valid()) return -errno;
  endpoint.native.shared = true;
  return copy.Release();
}

Status Backend::ConnectAgain(Endpoint& endpoint, const Address& peer) {
  SystemAddress remote;
  if (Status status = ToSystem(peer, &remote); status != kOk) return status;
  return ::connect(endpoint.native.fd, &remote.base, remote.length) == 0 ? kOk : -errno;
}

Status Backend::Accept(Endpoint& listener, Endpoint& fresh) {
  for (;;) {
    Descriptor socket(
        ::accept4(listener.native.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.valid()) return Register(fresh, socket);
    if (OfWaitingConnection(errno)) continue;
    if (errno == EMFILE || errno == ENFILE) return RefuseWaiting(listener);
    return -errno;
  }
}

// As libuv's spare descriptor does: who waits is closed and can try elsewhere, instead of hanging.
Status Backend::RefuseWaiting(const Endpoint& listener) {
  const Status out_of_descriptors = -errno;
  if (!reserve_.valid()) reserve_ = OpenReserve();
  if (!reserve_.valid()) return out_of_descriptors;
  reserve_ = Descriptor();
  Status status = kOk;
  while (status == kOk || OfWaitingConnection(-status)) {
    const Descriptor waiting(::accept4(listener.native.fd, nullptr, nullptr, SOCK_CLOEXEC));
    status = waiting.valid() ? kOk : -errno;
  }
  reserve_ = OpenReserve();
  return status;
}

Transfer Backend::Receive(Endpoint& endpoint, uint8_t* into, size_t bytes_max) {
  for (;;) {
    bool stopped = false;
    const ssize_t received = endpoint.kind == EndpointKind::kPipe
                                 ? ReceiveLocal(endpoint.native.fd, into, bytes_max, &stopped)
                                 : ReceiveNow(endpoint.native.fd, into, bytes_max);
    if (received > 0) {
      const auto bytes = static_cast<size_t>(received);
      // A short read has emptied the socket (epoll(7)): the next byte is a new edge.
      const bool emptied = bytes < bytes_max || bytes == endpoint.native.available;
      endpoint.native.available -=
          std::min(static_cast<uint32_t>(bytes), endpoint.native.available);
      return Transfer::Moved(
          bytes, emptied && !stopped ? endpoint.native.after_short_read : Transfer::Rest::kMore);
    }
    if (received == 0) return Transfer::Ended();
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Transfer::WouldBlock();
    return Transfer::Failed(-errno);
  }
}

size_t Backend::Available(Endpoint& endpoint) {
  int bytes = 0;
  if (::ioctl(endpoint.native.fd, FIONREAD, &bytes) != 0 || bytes < 0) bytes = 0;
  endpoint.native.available = static_cast<uint32_t>(bytes);
  return endpoint.native.available;
}

Transfer Backend::Send(Endpoint& endpoint, Spans spans) {
  for (;;) {
    ssize_t sent;
    if (spans.size() == 1) {
      sent = SendNow(endpoint.native.fd, spans[0]);
    } else {
      iovec vectors[kVectorsMax];
      const size_t used = std::min(spans.size(), kVectorsMax);
      for (size_t i = 0; i < used; i++) {
        vectors[i] = {const_cast<uint8_t*>(spans[i].data()), spans[i].size()};
      }
      msghdr message{};
      message.msg_iov = vectors;
      message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(used);
      sent = ::sendmsg(endpoint.native.fd, &message, MSG_NOSIGNAL);
    }
    if (sent >= 0) return Transfer::Moved(static_cast<size_t>(sent));
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Transfer::WouldBlock();
    const Status status = -errno;
    // Short of memory, not of room in the socket: no edge will come of itself, so one is asked for.
    if (status == UV__ENOBUFS && WatchRoom(endpoint)) return Transfer::WouldBlock();
    return Transfer::Failed(status);
  }
}

bool Backend::WatchRoom(Endpoint& endpoint) {
  return Watch(EPOLL_CTL_MOD, endpoint, endpoint.native.fd);
}

Status Backend::Shutdown(Endpoint& endpoint) {
  return ::shutdown(endpoint.native.fd, SHUT_WR) == 0 ? kOk : -errno;
}

void Backend::Close(Endpoint& endpoint, CloseHow how) {
  if (endpoint.native.fd >= 0) {
    if (how == CloseHow::kReset) {
      const linger off{1, 0};
      ::setsockopt(endpoint.native.fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
    }
    if (endpoint.native.unlink_path != nullptr && how != CloseHow::kHandOver) {
      ::unlink(endpoint.native.unlink_path->c_str());
    }
    if (endpoint.native.shared) {
      ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, endpoint.native.fd, nullptr);
    }
    ::close(endpoint.native.fd);
    endpoint.native.fd = -1;
  }
  engine_.OnClosed(endpoint);
}

int32_t Backend::Wait(int32_t timeout_ms) {
  epoll_event events[kEventsMax];
  const int count = ::epoll_wait(set_.get(), events, kEventsMax, timeout_ms);
  if (count < 0) return errno == EINTR ? 0 : -1;
  for (int i = 0; i < count; i++) {
    const uint64_t name = events[i].data.u64;
    Endpoint* const endpoint =
        engine_.Find(static_cast<int32_t>(name), static_cast<int32_t>(name >> 32));
    if (endpoint != nullptr) OnEvents(*endpoint, events[i].events);
  }
  return count;
}

void Backend::OnEvents(Endpoint& endpoint, uint32_t events) {
  constexpr uint32_t kGone = EPOLLHUP | EPOLLERR;
  if (endpoint.state == EndpointState::kListening) {
    engine_.OnAcceptable(endpoint);
    return;
  }
  if ((events & (EPOLLRDHUP | EPOLLPRI | kGone)) != 0) {
    endpoint.native.after_short_read =
        (events & (EPOLLPRI | kGone)) == 0 ? Transfer::Rest::kEnd : Transfer::Rest::kMore;
  }
  endpoint.native.available = 0;
  if (endpoint.state == EndpointState::kConnecting) {
    if ((events & (EPOLLOUT | kGone)) == 0) return;
    Status status = endpoint.native.connect_error;
    if (status == kOk) {
      int error = 0;
      socklen_t length = sizeof(error);
      const int asked = ::getsockopt(endpoint.native.fd, SOL_SOCKET, SO_ERROR, &error, &length);
      status = -(asked == 0 ? error : errno);
    }
    engine_.OnConnected(endpoint, status);
    if (status != kOk) return;
  }
  if ((events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | kGone)) != 0) engine_.OnReadable(endpoint);
  if ((events & (EPOLLOUT | kGone)) != 0 && endpoint.queue != nullptr) {
    engine_.OnWritable(endpoint, 0, kOk);
  }
}

}  // namespace iocp_net

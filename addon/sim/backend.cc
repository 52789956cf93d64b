#include "sim/backend.h"

#include <algorithm>
#include <utility>

#include "port/engine.h"

namespace iocp_net {

namespace {

constexpr int kEventsMax = 256;
constexpr size_t kSpansMax = 64;
// Of 65536: how probably an operation in the background is answered by the next Wait.
constexpr uint32_t kAnswered = 40'000;
constexpr uint32_t kHalf = 32'768;

uint64_t NameOf(const Endpoint& endpoint) {
  return static_cast<uint64_t>(static_cast<uint32_t>(endpoint.generation)) << 32 | endpoint.index;
}

}  // namespace

thread_local bool Backend::kAnswersInOrder = false;
thread_local Backend::Style Backend::style = Backend::Style::kReadiness;
thread_local bool Backend::descriptors_leave = true;

Backend::~Backend() {
  if (set_ >= 0) kernel_.CloseSet(set_);
}

Status Backend::Open() {
  const int set = kernel_.OpenSet();
  if (set < 0) return set;
  set_ = set;
  return kOk;
}

Status Backend::Register(Endpoint& endpoint, int fd) {
  const Status status = kernel_.Watch(set_, fd, NameOf(endpoint));
  if (status == kOk) endpoint.native.fd = fd;
  return status;
}

Status Backend::Listen(Endpoint& endpoint, const Address& address, int32_t backlog, int32_t flags) {
  const int fd = kernel_.Open(address.kind, address.family);
  if (fd < 0) return fd;
  Status status = kernel_.Bind(fd, address, {(flags & kReusePort) != 0, (flags & kIpv6Only) != 0});
  const bool bound = status == kOk && address.kind == EndpointKind::kPipe;
  if (bound) endpoint.native.unlink_path = std::make_unique<std::string>(address.host);
  if (status == kOk) status = kernel_.Listen(fd, backlog);
  if (status == kOk) status = Register(endpoint, fd);
  if (status != kOk) {
    if (bound) kernel_.Unlink(address.host);
    kernel_.Close(fd);
  }
  return status;
}

Status Backend::Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                        ConnectStage* failed) {
  *failed = ConnectStage::kConnect;
  // As the system reads an address of another family.
  const bool is_v6 = peer.host.find(':') != std::string::npos;
  if (peer.kind == EndpointKind::kTcp && is_v6 != (peer.family == 6)) return UV__EINVAL;
  const int fd = kernel_.Open(peer.kind, peer.family);
  if (fd < 0) return fd;
  if (local != nullptr) {
    if (const Status status = kernel_.Bind(fd, *local, {}); status != kOk) {
      *failed = ConnectStage::kBind;
      kernel_.Close(fd);
      return status;
    }
  }
  Status status;
  do {
    status = kernel_.Connect(fd, peer);
  } while (status == UV__EINTR);
  if (status != kOk && status != sim::kInProgress) {
    if (status != UV__ECONNREFUSED && peer.kind != EndpointKind::kPipe) {
      kernel_.Close(fd);
      return status;
    }
    endpoint.native.connect_error = status;
  }
  status = Register(endpoint, fd);
  if (status != kOk) kernel_.Close(fd);
  return status;
}

Status Backend::AdoptStream(Endpoint& endpoint, int64_t descriptor, bool duplicate) {
  if (!descriptors_leave) return UV__ENOTSUP;
  const int fd = static_cast<int>(descriptor);
  const sim::Socket* const socket = kernel_.Find(fd);
  if (socket == nullptr) return UV__EBADF;
  Address peer;
  if (const Status status = kernel_.PeerAddress(fd, &peer); status != kOk) return status;
  endpoint.kind = socket->kind;
  return Adopt(endpoint, fd, duplicate);
}

Status Backend::AdoptListener(Endpoint& endpoint, int64_t descriptor, bool duplicate,
                              int32_t backlog) {
  if (!descriptors_leave) return UV__ENOTSUP;
  const int fd = static_cast<int>(descriptor);
  const sim::Socket* const socket = kernel_.Find(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status status = kernel_.Listen(fd, backlog); status != kOk) return status;
  endpoint.kind = socket->kind;
  return Adopt(endpoint, fd, duplicate);
}

Status Backend::Adopt(Endpoint& endpoint, int fd, bool duplicate) {
  endpoint.native.shared = true;
  if (!duplicate) return Register(endpoint, fd);
  const int copy = kernel_.Duplicate(fd);
  if (copy < 0) return copy;
  const Status status = Register(endpoint, copy);
  if (status != kOk) kernel_.Close(copy);
  return status;
}

int64_t Backend::DescriptorOf(Endpoint& endpoint) {
  return descriptors_leave ? endpoint.native.fd : UV__ENOTSUP;
}

int64_t Backend::Duplicate(Endpoint& endpoint) {
  if (!descriptors_leave) return UV__ENOTSUP;
  const int copy = kernel_.Duplicate(endpoint.native.fd);
  if (copy >= 0) endpoint.native.shared = true;
  return copy;
}

Status Backend::ConnectAgain(Endpoint& endpoint, const Address& peer) {
  return kernel_.Connect(endpoint.native.fd, peer);
}

Status Backend::Accept(Endpoint& listener, Endpoint& fresh) {
  for (;;) {
    const int fd = kernel_.Accept(listener.native.fd);
    if (fd >= 0) {
      const Status status = Register(fresh, fd);
      if (status != kOk) kernel_.Close(fd);
      return status;
    }
    if (fd != UV__EINTR && fd != UV__ECONNABORTED && fd != UV__EPROTO) return fd;
  }
}

Transfer Backend::Receive(Endpoint& endpoint, uint8_t* into, size_t bytes_max) {
  for (;;) {
    const int64_t received = kernel_.Receive(endpoint.native.fd, into, bytes_max);
    if (received > 0) {
      const auto bytes = static_cast<size_t>(received);
      const bool emptied = bytes < bytes_max || bytes == endpoint.native.available;
      endpoint.native.available -=
          std::min(static_cast<uint32_t>(bytes), endpoint.native.available);
      return Transfer::Moved(bytes,
                             emptied ? endpoint.native.after_short_read : Transfer::Rest::kMore);
    }
    if (received == 0) return Transfer::Ended();
    if (received == UV__EINTR) continue;
    if (received == UV__EAGAIN) return Transfer::WouldBlock();
    return Transfer::Failed(static_cast<Status>(received));
  }
}

size_t Backend::Available(Endpoint& endpoint) {
  const int64_t bytes = kernel_.Available(endpoint.native.fd);
  endpoint.native.available = bytes < 0 ? 0 : static_cast<uint32_t>(bytes);
  return endpoint.native.available;
}

void Backend::WatchReceive(Endpoint& endpoint) {
  if (style == Style::kReadiness || endpoint.native.receive_watched) return;
  // A receive may end inside of the call that starts it.
  if ((kernel_.Poll(endpoint.native.fd) & sim::kIn) != 0 && kernel_.random().Chance(kHalf)) {
    engine_.OnReadable(endpoint);
    return;
  }
  endpoint.native.receive_watched = true;
  Begin(Work::kReceive, endpoint);
}

Transfer Backend::Send(Endpoint& endpoint, Spans spans) {
  for (;;) {
    const int64_t sent = kernel_.Send(endpoint.native.fd, spans);
    if (sent >= 0) return Transfer::Moved(static_cast<size_t>(sent));
    if (sent == UV__EINTR) continue;
    if (sent == UV__EAGAIN) return Transfer::WouldBlock();
    if (sent == UV__ENOBUFS) {
      // No edge comes by itself.
      if (WatchAgain(endpoint)) return Transfer::WouldBlock();
    }
    return Transfer::Failed(static_cast<Status>(sent));
  }
}

void Backend::WatchSend(Endpoint& endpoint) {
  if (style == Style::kReadiness) return;
  endpoint.native.send_watched = true;
  Begin(Work::kSend, endpoint);
}

bool Backend::WatchRoom(Endpoint& endpoint) {
  if (style == Style::kReadiness) return WatchAgain(endpoint);
  WatchSend(endpoint);
  return true;
}

bool Backend::WatchAgain(const Endpoint& endpoint) {
  return kernel_.WatchAgain(set_, endpoint.native.fd, NameOf(endpoint)) == kOk;
}

Status Backend::Shutdown(Endpoint& endpoint) {
  if (style == Style::kReadiness || kernel_.random().Chance(kHalf)) {
    return kernel_.Shutdown(endpoint.native.fd);
  }
  endpoint.native.shutting = true;
  Begin(Work::kShutdown, endpoint);
  return UV__EAGAIN;
}

void Backend::Close(Endpoint& endpoint, CloseHow how) {
  NativeEndpoint& native = endpoint.native;
  native.closing = how;
  const bool in_flight = native.receive_watched || native.send_watched || native.shutting;
  if (style == Style::kCompletion && (in_flight || kernel_.random().Chance(kHalf))) {
    Begin(Work::kClose, endpoint);
    return;
  }
  EndClose(endpoint);
}

void Backend::EndClose(Endpoint& endpoint) {
  NativeEndpoint& native = endpoint.native;
  if (native.closing == CloseHow::kReset) kernel_.ResetOnClose(native.fd);
  if (native.unlink_path != nullptr && native.closing != CloseHow::kHandOver) {
    kernel_.Unlink(*native.unlink_path);
  }
  if (native.shared) kernel_.Unwatch(set_, native.fd);
  kernel_.Close(std::exchange(native.fd, -1));
  engine_.OnClosed(endpoint);
}

Status Backend::SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t,
                          int32_t) {
  // As in epoll/options.cc.
  constexpr int32_t kKeepAliveSecondsMax = 32'767;
  const bool keeps = option == Option::kKeepAlive && a != 0;
  if (keeps && (b < 1 || b > kKeepAliveSecondsMax)) return UV__EINVAL;
  if (option == Option::kPipeMode && endpoint.native.unlink_path == nullptr) return UV__EINVAL;
  return kernel_.SetOption(endpoint.native.fd);
}

Status Backend::LocalAddress(Endpoint& endpoint, Address* address) {
  return kernel_.LocalAddress(endpoint.native.fd, address);
}

Status Backend::PeerAddress(Endpoint& endpoint, Address* address) {
  return kernel_.PeerAddress(endpoint.native.fd, address);
}

int32_t Backend::Wait(int32_t timeout_ms) {
  sim::ReadyEvent events[kEventsMax];
  for (;;) {
    const bool background = !background_.empty();
    const int count = kernel_.Wait(set_, events, kEventsMax, background ? 0 : timeout_ms);
    for (int i = 0; i < count; i++) {
      const uint64_t name = events[i].data;
      Endpoint* const endpoint =
          engine_.Find(static_cast<int32_t>(name), static_cast<int32_t>(name >> 32));
      if (endpoint != nullptr) OnEvents(*endpoint, events[i].events);
    }
    const int32_t done = RunBackground();
    if (count < 0 && count != UV__EINTR && !background) return -1;  // nothing will ever come
    if (count > 0 || done > 0 || !background || timeout_ms == 0) return std::max(count, 0) + done;
  }
}

void Backend::OnEvents(Endpoint& endpoint, uint32_t events) {
  constexpr uint32_t kGone = sim::kHangUp | sim::kFailure;
  NativeEndpoint& native = endpoint.native;
  if (endpoint.state == EndpointState::kClosing) return;
  if (endpoint.state == EndpointState::kListening) {
    engine_.OnAcceptable(endpoint);
    return;
  }
  if ((events & (sim::kPeerShut | kGone)) != 0) {
    native.after_short_read = (events & kGone) == 0 ? Transfer::Rest::kEnd : Transfer::Rest::kMore;
  }
  native.available = 0;
  if (endpoint.state == EndpointState::kConnecting) {
    if ((events & (sim::kOut | kGone)) == 0) return;
    const Status status =
        native.connect_error != kOk ? native.connect_error : kernel_.TakeError(native.fd);
    engine_.OnConnected(endpoint, status);
    if (status != kOk) return;
  }
  if (style == Style::kCompletion) {
    // What is watched goes on; nothing else is reported.
    if (native.receive_watched && (events & (sim::kIn | sim::kPeerShut | kGone)) != 0) {
      Begin(Work::kReceive, endpoint);
    }
    if (native.send_watched && (events & (sim::kOut | kGone)) != 0) Begin(Work::kSend, endpoint);
    return;
  }
  if ((events & (sim::kIn | sim::kPeerShut | kGone)) != 0) engine_.OnReadable(endpoint);
  // Last: it may end the endpoint's life.
  if ((events & (sim::kOut | kGone)) != 0 && endpoint.queue != nullptr) {
    engine_.OnWritable(endpoint, 0, kOk);
  }
}

void Backend::Begin(Work work, const Endpoint& endpoint) {
  const Background fresh{work, static_cast<int32_t>(endpoint.index), endpoint.generation};
  for (const Background& known : background_) {
    if (known.work == work && known.index == fresh.index && known.generation == fresh.generation) {
      return;
    }
  }
  background_.push_back(fresh);
}

int32_t Backend::RunBackground() {
  if (background_.empty()) return 0;
  int32_t done = 0;
  std::vector<Background> now;
  std::swap(now, background_);
  for (const Background& item : now) {
    Endpoint* const endpoint = engine_.Find(item.index, item.generation);
    if (endpoint == nullptr) continue;
    const bool closing = endpoint->state == EndpointState::kClosing;
    if (closing && item.work != Work::kClose) continue;  // the close answers for all of it
    if (!kernel_.random().Chance(kAnswered)) {
      background_.push_back(item);
      continue;
    }
    if (Run(*endpoint, item.work)) done++;
  }
  return done;
}

bool Backend::Run(Endpoint& endpoint, Work work) {
  NativeEndpoint& native = endpoint.native;
  switch (work) {
    case Work::kReceive:
      if (!native.receive_watched || (kernel_.Poll(native.fd) & sim::kIn) == 0) return false;
      native.receive_watched = false;
      engine_.OnReadable(endpoint);
      return true;
    case Work::kSend:
      return native.send_watched && SendQueued(endpoint);
    case Work::kShutdown:
      native.shutting = false;
      engine_.OnShut(endpoint, kernel_.Shutdown(native.fd));
      return true;
    case Work::kClose:
      // A send may have its outcome before the close cancels it.
      if (native.send_watched && kernel_.random().Chance(kHalf)) SendQueued(endpoint);
      EndClose(endpoint);
      return true;
  }
  return false;
}

bool Backend::SendQueued(Endpoint& endpoint) {
  Span spans[kSpansMax];
  const Transfer result = Send(endpoint, endpoint.queue->Gather(spans));
  if (result.outcome == Transfer::Outcome::kWouldBlock) return false;
  endpoint.native.send_watched = false;
  if (endpoint.state == EndpointState::kClosing) {
    engine_.OnSentLast(endpoint, result.bytes, result.status);
  } else {
    engine_.OnWritable(endpoint, result.bytes, result.status);
  }
  return true;
}

}  // namespace iocp_net

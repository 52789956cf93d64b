// What others do: the processes at the other ends, a child that holds descriptors, the network.
#include <algorithm>

#include "port/backend.h"
#include "world.h"

namespace iocp_net::test {

namespace {

constexpr size_t kPeersMax = 64;
constexpr size_t kHeldMax = 6;

// While it lives, calls of the kernel are a peer's.
class AsPeer {
 public:
  explicit AsPeer(sim::Kernel& kernel) : kernel_(kernel) {
    kernel_.SetProcess(sim::Kernel::Process::kPeer);
  }
  ~AsPeer() { kernel_.SetProcess(sim::Kernel::Process::kTested); }
  AsPeer(const AsPeer&) = delete;
  AsPeer& operator=(const AsPeer&) = delete;

 private:
  sim::Kernel& kernel_;
};

}  // namespace

Peer& World::AddPeer(int fd, EndpointKind kind) {
  peers_.push_back(std::make_unique<Peer>());
  Peer& peer = *peers_.back();
  peer.serial = next_serial_++;
  peer.fd = fd;
  peer.kind = kind;
  return peer;
}

// Whether it is a connected stream by now.
bool World::Ready(Peer& peer) {
  if (peer.listener) return false;
  if (!peer.connecting) return true;
  const sim::Socket* const socket = kernel_.Find(peer.fd);
  if (socket->state != sim::Socket::State::kConnected) return false;
  peer.connecting = false;
  peer.out = FlowOf(socket->id, socket->link);
  peer.out->owned = true;
  peer.in = FlowOf(socket->peer_id, socket->link);
  return true;
}

void World::PeerListen(sim::Random& random) {
  if (peers_.size() >= kPeersMax) return;
  const AsPeer as_peer(kernel_);
  Address address;
  if (random.Below(100) < 30) {
    address.kind = EndpointKind::kPipe;
    address.host = "/peer/" + std::to_string(next_serial_);
  } else {
    address.host = "127.0.0.1";
  }
  const int fd = kernel_.Open(address.kind, address.family);
  kernel_.Bind(fd, address, {});
  kernel_.Listen(fd, static_cast<int32_t>(random.UpTo(16)));
  Peer& peer = AddPeer(fd, address.kind);
  peer.listener = true;
  kernel_.LocalAddress(fd, &peer.address);
}

void World::PeerConnect(sim::Random& random) {
  if (peers_.size() >= kPeersMax) return;
  const Owner* const listener =
      Pick(owners_, random, [](const Owner& o) { return o.listener && !o.closing; });
  if (listener == nullptr) return;
  const AsPeer as_peer(kernel_);
  const int fd = kernel_.Open(listener->kind, listener->address.family);
  const Status status = kernel_.Connect(fd, listener->address);
  if (status != kOk && status != sim::kInProgress) {
    kernel_.Close(fd);
    return;
  }
  AddPeer(fd, listener->kind).connecting = true;
}

void World::PeerAccept(Peer& listener) {
  if (peers_.size() >= kPeersMax) return;
  const AsPeer as_peer(kernel_);
  const int fd = kernel_.Accept(listener.fd);
  if (fd >= 0) AddPeer(fd, listener.kind).connecting = true;
}

void World::PeerSend(Peer& peer, size_t length) {
  const AsPeer as_peer(kernel_);
  Pattern::Write(peer.out->id, peer.out->written, scratch_.data(), length);
  const Span span{scratch_.data(), length};
  const int64_t sent = kernel_.Send(peer.fd, Spans(&span, 1));
  if (sent > 0) peer.out->written += static_cast<uint64_t>(sent);
}

void World::PeerReceive(Peer& peer, size_t bytes_max) {
  const AsPeer as_peer(kernel_);
  const int64_t received = kernel_.Receive(peer.fd, scratch_.data(), bytes_max);
  if (received == UV__EAGAIN) return;
  if (received > 0) {
    peer.in->Receive(scratch_.data(), static_cast<size_t>(received));
    return;
  }
  peer.over = true;
  if (received != 0) return;
  NoteFailedSends();
  peer.in->OnEnd();
}

void World::PeerShutdown(Peer& peer) {
  const AsPeer as_peer(kernel_);
  peer.shut = true;
  if (kernel_.Shutdown(peer.fd) == kOk) peer.out->End(0);
}

void World::PeerClose(Peer& peer, bool reset) {
  const AsPeer as_peer(kernel_);
  if (Ready(peer)) peer.out->End(0);
  if (reset) kernel_.ResetOnClose(peer.fd);
  if (peer.listener && peer.kind == EndpointKind::kPipe) kernel_.Unlink(peer.address.host);
  kernel_.Close(peer.fd);
  std::erase_if(peers_, [&](const auto& known) { return known.get() == &peer; });
}

void World::CloseDuplicate(size_t which) {
  kernel_.Close(duplicates_[which]);
  duplicates_.erase(duplicates_.begin() + static_cast<std::ptrdiff_t>(which));
}

// A child has every descriptor of its parent until it starts its own program.
void World::Fork(sim::Random& random) {
  if (kernel_.Held() >= kHeldMax) return;
  const Owner* const owner = Pick(owners_, random, [](const Owner& o) { return !o.closing; });
  if (owner == nullptr) return;
  kernel_.Hold(engine_->Find(owner->index, owner->generation)->native.fd);
}

void World::Lose(sim::Random& random) {
  const Owner* const owner = Pick(owners_, random, [](const Owner& o) { return o.Open(); });
  if (owner == nullptr) return;
  sim::Socket* const socket = kernel_.FindById(owner->socket);
  if (socket != nullptr) {
    kernel_.Lose(*socket, random.Below(2) == 0 ? UV__ECONNRESET : UV__ETIMEDOUT);
  }
}

}  // namespace iocp_net::test

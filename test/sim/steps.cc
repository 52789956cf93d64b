// The program's steps.
#include <algorithm>
#include <cstring>

#include "port/backend.h"
#include "world.h"

namespace iocp_net::test {

namespace {

constexpr size_t kSpansMax = 90;  // more than one scatter/gather call takes
constexpr size_t kDuplicatesMax = 8;

bool Chance(sim::Random& random, uint32_t percent) { return random.Below(100) < percent; }

}  // namespace

// Mostly small, sometimes as large as this world has them.
size_t World::Length(sim::Random& random) const {
  const size_t scale = random.Below(4);
  const size_t most = scale == 0 ? length_max_ : std::min<size_t>(length_max_, scale * scale * 200);
  return random.UpTo(most);
}

void World::Take(Step step, sim::Random& random) {
  const auto owner = [&](auto suits) { return Pick(owners_, random, suits); };
  const auto peer = [&](auto suits) { return Pick(peers_, random, suits); };
  const auto stream = [](const Owner& candidate) { return candidate.Open() && !candidate.over; };
  switch (step) {
    case Step::kTurn:
      return Turn(random, false);
    case Step::kListen:
      return Listen(random);
    case Step::kConnect:
      return Connect(random);
    case Step::kSendSlab:
      return SendSlab(random);
    case Step::kSend:
      return Send(random);
    case Step::kReceiveStart:
      if (Owner* const found = owner(stream)) {
        StartReceive(*found, Chance(random, 25) ? ReceiveMode::kAnnounced : ReceiveMode::kChunks);
      }
      return;
    case Step::kReceiveStop:
      if (Owner* const found = owner([&](const Owner& o) { return stream(o) && o.receiving; })) {
        found->receiving = false;
        Submit(Operation::kReceiveStop, found->index, found->generation, 0);
      }
      return;
    case Step::kTakeAnnounced:
      if (Owner* const found = owner([&](const Owner& o) { return stream(o) && o.receivable; })) {
        TakeAnnounced(*found, random.UpTo(4));
      }
      return;
    case Step::kShutdown:
      if (Owner* const found = owner([](const Owner& o) { return o.CanSend(); })) Shutdown(*found);
      return;
    case Step::kClose:
      if (Owner* const found = owner([](const Owner& o) { return !o.closing; })) {
        constexpr CloseHow kHow[] = {CloseHow::kGraceful, CloseHow::kGraceful, CloseHow::kReset,
                                     CloseHow::kHandOver};
        Close(*found, kHow[random.Below(std::size(kHow))]);
      }
      return;
    case Step::kAcceptStart:
      if (Owner* const found = owner([](const Owner& o) { return o.listener && !o.closing; })) {
        found->resting = false;
        found->accept_starts++;
        Submit(Operation::kAcceptStart, found->index, found->generation, 0);
      }
      return;
    case Step::kAdopt:
      return Adopt(random);
    case Step::kDuplicate:
      return Duplicate(random);
    case Step::kCloseDuplicate:
      if (!duplicates_.empty()) CloseDuplicate(random.Below(duplicates_.size()));
      return;
    case Step::kAsk:
      return Ask(random);
    case Step::kStale:
      return Stale(random);
    case Step::kSettle:
      if (depth_ == 0) Settle();
      return;
    case Step::kEnd:
      if (depth_ == 0) EndEngine();
      return;
    case Step::kPeerListen:
      return PeerListen(random);
    case Step::kPeerConnect:
      return PeerConnect(random);
    case Step::kPeerAccept:
      if (Peer* const found = peer([](const Peer& p) { return p.listener; })) PeerAccept(*found);
      return;
    case Step::kPeerSend:
      if (Peer* const found = peer([&](Peer& p) { return Ready(p) && !p.shut; })) {
        PeerSend(*found, Length(random));
      }
      return;
    case Step::kPeerReceive:
      if (Peer* const found = peer([&](Peer& p) { return Ready(p) && !p.over; })) {
        PeerReceive(*found, random.UpTo(kReceiveBytesMax));
      }
      return;
    case Step::kPeerShutdown:
      if (Peer* const found = peer([&](Peer& p) { return Ready(p) && !p.shut; })) {
        PeerShutdown(*found);
      }
      return;
    case Step::kPeerClose:
      if (Peer* const found = peer([](const Peer&) { return true; })) {
        PeerClose(*found, Chance(random, 25));
      }
      return;
    case Step::kFork:
      return Fork(random);
    case Step::kForkEnds:
      if (kernel_.Held() > 0) kernel_.LetGo(random.Below(kernel_.Held()));
      return;
    case Step::kLose:
      return Lose(random);
    case Step::kCount:
      break;
  }
}

void World::Listen(sim::Random& random) {
  if (owners_.size() >= owners_max_) return;
  Address address;
  if (Chance(random, 30)) {
    address.kind = EndpointKind::kPipe;
    address.host = "/sim/" + std::to_string(random.Below(4));
  } else {
    address.host = Chance(random, 20) ? "0.0.0.0" : "127.0.0.1";
    address.port = Chance(random, 10) ? 80 : 0;
  }
  const auto backlog = static_cast<int32_t>(Chance(random, 30) ? random.UpTo(3) : 511);
  const Status status = engine_->Listen(address, backlog, Chance(random, 10) ? kReusePort : 0);
  if (status != kOk) return;
  Owner& owner = AddOwner(control_[kReplyIndex], control_[kReplyGeneration]);
  owner.listener = true;
}

// One of ours, one of a peer's, or nowhere.
Address World::AddressFor(sim::Random& random) {
  const size_t where = random.Below(100);
  if (where < 45) {
    Owner* const found =
        Pick(owners_, random, [](const Owner& o) { return o.listener && !o.closing; });
    if (found != nullptr) return found->address;
  }
  if (where < 90) {
    Peer* const found = Pick(peers_, random, [](const Peer& p) { return p.listener; });
    if (found != nullptr) return found->address;
  }
  Address address;
  if (Chance(random, 30)) {
    address.kind = EndpointKind::kPipe;
    address.host = "/sim/nowhere";
  } else {
    address.host = "127.0.0.1";
    address.port = 1;
  }
  return address;
}

void World::Connect(sim::Random& random) {
  if (owners_.size() >= owners_max_) return;
  const Address peer = AddressFor(random);
  Address local;
  local.host = "127.0.0.1";
  const bool bind = peer.kind == EndpointKind::kTcp && Chance(random, 5);
  if (engine_->Connect(peer, bind ? &local : nullptr) != kOk) return;
  AddOwner(control_[kReplyIndex], control_[kReplyGeneration]).connecting = true;
}

void World::SendSlab(sim::Random& random) {
  Owner* const owner = Pick(owners_, random, [](const Owner& o) { return o.CanSend(); });
  if (owner == nullptr) return;
  const size_t length = std::min<size_t>(Length(random), kSlabBytes);
  Pattern::Write(owner->out->id, owner->out->written, slab_.data(), length);
  control_[kSlabIndex] = owner->index;
  control_[kSlabGeneration] = owner->generation;
  control_[kSlabLength] = static_cast<int32_t>(length);
  const auto posted = Posted();
  engine_->SendSlab();
  std::memset(slab_.data(), 0xdb, length);  // it may be used again at once
  const int64_t sent = control_[kSlabSent];
  const auto taken = sent < 0 ? length : static_cast<size_t>(sent);
  if (taken > length) Fail("more was sent than there is");
  AfterSend(*owner, taken, sent, posted, nullptr);
  // What was not taken is not queued either: it goes by reference, or is another write's matter.
  if (sent >= 0 && taken < length && Chance(random, 75))
    SendBytes(*owner, length - taken, 1, random);
}

void World::Send(sim::Random& random) {
  Owner* const owner = Pick(owners_, random, [](const Owner& o) { return o.CanSend(); });
  if (owner == nullptr) return;
  const size_t length = Length(random);
  SendBytes(*owner, length, Chance(random, 30) ? random.UpTo(kSpansMax) : 1, random);
}

void World::SendBytes(Owner& owner, size_t length, size_t pieces, sim::Random& random) {
  auto bytes = std::make_unique<std::vector<uint8_t>>(length);
  Pattern::Write(owner.out->id, owner.out->written, bytes->data(), length);
  std::vector<Span> spans;
  for (size_t at = 0; at < length;) {
    const bool last = spans.size() + 1 == pieces;
    const size_t piece = last ? length - at : random.UpTo(std::max<size_t>(length / pieces, 1));
    spans.push_back({bytes->data() + at, std::min(piece, length - at)});
    at += spans.back().size();
  }
  const size_t written = Chance(random, 10) ? random.UpTo(4 * Backend::kPiecesMax) : pieces;
  const auto posted = Posted();
  const int64_t sent = engine_->Send(owner.index, owner.generation, spans, written);
  AfterSend(owner, length, sent, posted, std::move(bytes));
}

// `posted`: what had been posted before the call, which may report the end of the rest by itself.
void World::AfterSend(Owner& owner, size_t length, int64_t sent, uint64_t posted,
                      std::unique_ptr<std::vector<uint8_t>> borrowed) {
  owner.out->written += length;
  if (sent == UV__EBADF) Fail("a send says that an open endpoint is gone");
  if (sent > static_cast<int64_t>(length)) Fail("more was sent than there is");
  if (sent < 0) {
    owner.out->broken = true;
    owner.send_failed = true;
  } else if (sent < static_cast<int64_t>(length)) {
    owner.shortfalls.push_back({posted, owner.out->written, std::move(borrowed)});
  }
}

void World::StartReceive(Owner& owner, ReceiveMode mode) {
  owner.receiving = true;
  owner.mode = mode;
  owner.receivable = false;  // asked anew
  Submit(Operation::kReceiveStart, owner.index, owner.generation, static_cast<int32_t>(mode));
}

// Into memory of its own, which is as large as it says.
int64_t World::ReceiveInto(Owner& owner, size_t bytes_max) {
  owner.receivable = false;
  const auto memory = std::make_unique<uint8_t[]>(bytes_max);
  const int64_t received = engine_->Receive(owner.index, owner.generation, memory.get(), bytes_max);
  if (received > static_cast<int64_t>(bytes_max)) Fail("more was received than there is room for");
  if (received == UV__EBADF) Fail("a receive says that an open endpoint is gone");
  if (received > 0) {
    owner.in->Receive(memory.get(), static_cast<size_t>(received));
  } else if (received != UV__EAGAIN) {
    owner.over_sequence = Posted();
    OnOver(owner, received == 0);
  }
  return received;
}

void World::TakeAnnounced(Owner& owner, size_t calls_max) {
  for (size_t i = 0; i < calls_max; i++) {
    if (ReceiveInto(owner, kReceiveBytesMax) < kReceiveBytesMax) return;
  }
}

void World::Shutdown(Owner& owner) {
  owner.shut_asked = true;
  owner.out->End(0);
  Submit(Operation::kShutdown, owner.index, owner.generation, 0);
}

void World::Close(Owner& owner, CloseHow how) {
  Flush();
  NoteFailedSends();
  // What waits in the queue is given up.
  if (owner.out != nullptr) owner.out->End(engine_->QueuedBytes(owner.index, owner.generation));
  owner.closing = true;
  owner.receiving = false;
  owner.close_sequence = Posted();
  engine_->Close(owner.index, owner.generation, how);
}

void World::Adopt(sim::Random& random) {
  if (owners_.size() >= owners_max_) return;
  Peer* const peer = Pick(peers_, random, [&](Peer& p) { return p.listener || Ready(p); });
  if (peer == nullptr) return;
  const bool duplicate = Chance(random, 50);
  const int32_t flags = (duplicate ? kAdoptDuplicate : 0) | (peer->listener ? kAdoptListener : 0);
  if (engine_->Adopt(peer->fd, flags, 511) != kOk) return;
  if (duplicate) {
    duplicates_.push_back(peer->fd);
  }
  kernel_.Give(peer->fd, sim::Kernel::Process::kTested);
  Owner& owner = AddOwner(control_[kReplyIndex], control_[kReplyGeneration]);
  if (static_cast<int32_t>(owner.kind) != control_[kReplyKind]) Fail("adopted as another kind");
  owner.listener = peer->listener;
  owner.shut_asked = owner.shut = peer->shut;
  if (!owner.listener) Tie(owner);
  // The end was taken already: what comes of a second look at it is of no interest.
  owner.over = peer->over;
  std::erase_if(peers_, [&](const auto& known) { return known.get() == peer; });
}

void World::Duplicate(sim::Random& random) {
  if (duplicates_.size() >= kDuplicatesMax) return;
  Owner* const owner = Pick(owners_, random, [](const Owner& o) { return !o.closing; });
  if (owner == nullptr) return;
  const int64_t fd = engine_->Duplicate(owner->index, owner->generation);
  if (fd >= 0) duplicates_.push_back(static_cast<int>(fd));
}

void World::Ask(sim::Random& random) {
  Owner* const owner = Pick(owners_, random, [](const Owner&) { return true; });
  if (owner == nullptr) return;
  Address address;
  engine_->LocalAddress(owner->index, owner->generation, &address);
  engine_->PeerAddress(owner->index, owner->generation, &address);
  const auto option = static_cast<Option>(random.UpTo(5));
  engine_->SetOption(owner->index, owner->generation, option, 1, 60, 0, 0);
  if (owner->Open()) {
    address.host = "127.0.0.1";
    address.port = 1;
    engine_->ConnectAgain(owner->index, owner->generation, address);
  }
}

// Names of endpoints that are gone, and of such that never were: nothing may come of them.
void World::Stale(sim::Random& random) {
  int32_t index = 0;
  int32_t generation = 0;
  if (gone_.empty() || Chance(random, 10)) {
    constexpr int32_t kNever[] = {-1, 1 << 20, INT32_MAX, INT32_MIN};
    index = kNever[random.Below(std::size(kNever))];
    generation = static_cast<int32_t>(random.Below(3));
  } else {
    std::tie(index, generation) = gone_[random.Below(gone_.size())];
  }
  const auto operation = static_cast<Operation>(random.UpTo(4));
  Submit(operation, index, generation, 0);
  const uint8_t byte = 0xbd;
  const Span span{&byte, 1};
  if (engine_->Send(index, generation, Spans(&span, 1)) != UV__EBADF) {
    Fail("bytes were taken for an endpoint that is gone");
  }
  uint8_t into = 0;
  if (engine_->Receive(index, generation, &into, 1) != UV__EBADF) {
    Fail("bytes were received from an endpoint that is gone");
  }
  Address address;
  if (engine_->LocalAddress(index, generation, &address) != UV__EBADF ||
      engine_->PeerAddress(index, generation, &address) != UV__EBADF ||
      engine_->SetOption(index, generation, Option::kNoDelay, 1, 0, 0, 0) != UV__EBADF ||
      engine_->Duplicate(index, generation) != UV__EBADF ||
      engine_->QueuedBytes(index, generation) != 0) {
    Fail("an endpoint that is gone has answered");
  }
  Flush();
  engine_->Close(index, generation, CloseHow::kReset);
}

// A send that has failed breaks its flow at once, although its 'sent' has not been delivered yet.
void World::NoteFailedSends() {
  for (const auto& owner : owners_) {
    if (owner->out == nullptr) continue;
    const Endpoint* const endpoint = engine_->Find(owner->index, owner->generation);
    if (endpoint != nullptr && endpoint->send_status != kOk) owner->out->broken = true;
  }
}

// In the middle of everything, as when a worker is terminated.
void World::EndEngine() {
  Flush();
  NoteFailedSends();
  for (const auto& owner : owners_) {
    if (owner->out != nullptr) {
      owner->out->End(engine_->QueuedBytes(owner->index, owner->generation));
    }
  }
  engine_.reset();
  if (kernel_.Descriptors(sim::Kernel::Process::kTested) != duplicates_.size()) {
    Fail("descriptors are left of an engine that has ended");
  }
  owners_.clear();
  by_index_.clear();
  gone_.clear();
  submitted_.clear();
  OpenEngine();
}

}  // namespace iocp_net::test

// What each completion means to its owner, and what must be true when it comes.
#include <algorithm>
#include <cstring>

#include "port/backend.h"
#include "world.h"

namespace iocp_net::test {

namespace {

constexpr size_t kGoneMax = 64;

}  // namespace

void World::Deliver(const int32_t* record, uint64_t sequence, sim::Random& random) {
  Owner* const owner = Find(record[kCompletionIndex], record[kCompletionGeneration]);
  if (owner == nullptr) {
    Fail("completion ", record[kCompletionKind], " of an endpoint that is gone or never was");
  }
  owner->turns_queued = 0;
  const auto kind = static_cast<Completion>(record[kCompletionKind]);
  const Status status = record[kCompletionStatus];
  if (owner->closing && sequence >= owner->close_sequence && kind != Completion::kClosed &&
      kind != Completion::kSent) {
    Fail("completion ", record[kCompletionKind], " was posted after the close");
  }
  switch (kind) {
    case Completion::kAccepted:
      OnAccepted(*owner, record);
      return;
    case Completion::kConnected:
      OnConnected(*owner, status);
      return;
    case Completion::kReceived:
      OnReceived(*owner, sequence, record[kCompletionOffset], record[kCompletionLength]);
      return;
    case Completion::kReceivable:
      OnReceivable(*owner, sequence, record[kCompletionWaiting], random);
      return;
    case Completion::kEnded:
      OnOver(*owner, true);
      return;
    case Completion::kReceiveFailed:
      if (status >= 0) Fail("a receive failed with status ", status);
      OnOver(*owner, false);
      return;
    case Completion::kSent:
      OnSent(*owner, sequence, status);
      return;
    case Completion::kShut:
      OnShut(*owner, status);
      return;
    case Completion::kClosed:
      OnClosed(*owner);
      return;
    case Completion::kAcceptFailed:
      if (!owner->listener || status >= 0) Fail("an accept failed with status ", status);
      // It rests until it is started again.
      if (++owner->accept_failures > owner->accept_starts) Fail("a listener that rests has failed");
      if (owner->closing) return;
      owner->resting = !engine_->Find(owner->index, owner->generation)->Wants();
      return;
  }
  Fail("a completion of an unknown kind");
}

void World::OnAccepted(Owner& listener, const int32_t* record) {
  if (!listener.listener) Fail("a stream has accepted");
  Owner& fresh = AddOwner(record[kCompletionAcceptedIndex], record[kCompletionAcceptedGeneration]);
  Tie(fresh);
  if (fresh.kind != listener.kind) Fail("an accepted connection is of another kind");
  if (listener.closing) Close(fresh, CloseHow::kGraceful);
}

void World::OnConnected(Owner& owner, Status status) {
  if (!owner.connecting) Fail("connected twice");
  owner.connecting = false;
  if (owner.closing) return;
  if (status == kOk) {
    Tie(owner);
  } else {
    owner.refused = true;
  }
}

void World::OnReceived(Owner& owner, uint64_t sequence, int32_t offset, int32_t length) {
  if (owner.over) Fail("bytes after the end");
  if (owner.in == nullptr) Fail("bytes of an endpoint that is not connected");
  if (length <= 0 || length > kReceiveBytesMax || offset < 0 || offset + length > kArenaBytes) {
    Fail("received ", length, " bytes at ", offset);
  }
  if (!owner.receive_on && !owner.closing && sequence >= owner.receive_sequence) {
    Fail("bytes of an endpoint that does not receive");
  }
  owner.in->Receive(arena_.data() + offset, static_cast<size_t>(length));
}

// As StreamEndpoint.receivable in lib/port/endpoint.ts.
void World::OnReceivable(Owner& owner, uint64_t sequence, int32_t waiting, sim::Random& random) {
  // One that was posted before a direct call came upon the end is stale.
  if (owner.over && sequence >= owner.over_sequence) Fail("bytes are announced after the end");
  if (owner.over) return;
  owner.receivable = true;
  if (owner.closing || !owner.receiving) return;
  if (owner.mode == ReceiveMode::kAnnounced && !settling_ && random.Chance(16'384)) return;
  size_t left = waiting > 0 ? static_cast<size_t>(waiting) : size_t{kReceivableBytesMax};
  const int32_t index = owner.index;
  const int32_t generation = owner.generation;
  while (left > 0) {
    const bool own = owner.mode == ReceiveMode::kAnnounced;
    const size_t own_bytes = settling_ ? size_t{kReceiveBytesMax} : random.UpTo(kReceiveBytesMax);
    const size_t length = own ? own_bytes : std::min<size_t>(left, kReceiveBytesMax);
    const int64_t received = ReceiveInto(owner, length);
    if (received < static_cast<int64_t>(length)) return;
    left -= std::min(left, length);
    if (!own && left < kLargeReceiveBytesMin) return;
    if (settling_) continue;
    // A handler between two chunks; what it takes by a turn of the loop is newer than this batch.
    const uint64_t turns = turns_;
    RunHandler(random);
    if (turns != turns_ || Find(index, generation) == nullptr) return;
    if (owner.closing || !owner.receiving || owner.receivable) return;
  }
}

void World::OnOver(Owner& owner, bool ended) {
  if (owner.over) Fail("a second end");
  if (owner.in == nullptr) Fail("the end of an endpoint that is not connected");
  owner.over = true;
  owner.receiving = false;
  if (!ended) return;
  NoteFailedSends();
  owner.in->OnEnd();
}

void World::OnSent(Owner& owner, uint64_t sequence, Status status) {
  uint64_t written = 0;
  bool owed = false;
  while (!owner.shortfalls.empty() && owner.shortfalls.front().sequence <= sequence) {
    Shortfall& shortfall = owner.shortfalls.front();
    written = shortfall.written;
    owed = true;
    // The memory is the program's again.
    if (shortfall.borrowed)
      std::memset(shortfall.borrowed->data(), 0xdb, shortfall.borrowed->size());
    owner.shortfalls.pop_front();
  }
  if (!owed) Fail("'sent' is reported, and was not owed");
  if (status != kOk) {
    owner.out->broken = true;
    owner.send_failed = true;
    return;
  }
  const sim::Socket* const socket = SocketOf(owner);
  if (!owner.closing && socket != nullptr && socket->sent_bytes < written) {
    Fail("'sent' is reported, and the kernel has only ", socket->sent_bytes, " of ", written,
         " bytes");
  }
}

void World::OnShut(Owner& owner, Status status) {
  if (!owner.shut_asked) Fail("a shutdown is reported that nobody asked for");
  if (owner.shut) Fail("a shutdown is reported twice");
  owner.shut = true;
  if (status != kOk) {
    owner.out->broken = true;
    return;
  }
  const sim::Socket* const socket = SocketOf(owner);
  if (owner.closing || socket == nullptr) return;
  if (!socket->fin_sent) Fail("a shutdown is reported, and the kernel knows of none");
  if (owner.out->Whole() && socket->sent_bytes != owner.out->written) {
    Fail("a shutdown before the last byte: ", socket->sent_bytes, " of ", owner.out->written);
  }
}

void World::OnClosed(Owner& owner) {
  if (!owner.closing) Fail("a close is reported that nobody asked for");
  if (SocketOf(owner) != nullptr) Fail("a close is reported, and the socket is there");
  if (gone_.size() == kGoneMax) gone_.erase(gone_.begin());
  gone_.emplace_back(owner.index, owner.generation);
  by_index_[static_cast<size_t>(owner.index)] = nullptr;
  std::erase_if(owners_, [&](const auto& known) { return known.get() == &owner; });
}

}  // namespace iocp_net::test

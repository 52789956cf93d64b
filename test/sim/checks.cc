// What must hold when everything is at rest, and at the end.
#include <algorithm>

#include "port/backend.h"
#include "world.h"

namespace iocp_net::test {

namespace {

constexpr uint64_t kTurnsMax = 300'000;
// An endpoint that is ready is served within this many turns and one for each endpoint.
constexpr uint32_t kQueuedTurnsMax = 16;

}  // namespace

#ifdef IOCP_NET_SIM
#define IOCP_NET_BUSY engine_->backend().Busy()
#define IOCP_NET_SET engine_->backend().set()
#else
#define IOCP_NET_BUSY kernel_.Busy(0)
#define IOCP_NET_SET 0
#endif

// Nobody starves: ready endpoints take turns.
void World::CheckTurns() {
  for (const auto& owner : owners_) {
    const Endpoint* const endpoint = engine_->Find(owner->index, owner->generation);
    if (endpoint == nullptr || endpoint->queued == Queued::kNo) {
      owner->turns_queued = 0;
    } else if (++owner->turns_queued > kQueuedTurnsMax + owners_.size()) {
      Fail("an endpoint has waited for ", owner->turns_queued, " turns");
    }
  }
}

// Turns, without anything new, until nothing is under way.
void World::Settle() {
  settling_ = true;
  sim::Random random(0);
  for (uint64_t turns = 0;; turns++) {
    if (turns > kTurnsMax) Fail("it does not come to rest");
    Turn(random, true);
    for (const auto& owner : owners_) owner->turns_queued = 0;
    if (!engine_->HasReady() && !engine_->HasLater() && !engine_->HasCompletions() &&
        !IOCP_NET_BUSY)
      break;
  }
  settling_ = false;
  CheckAtRest();
}

void World::CheckAtRest() {
  if (engine_->OpenEndpoints() != owners_.size()) {
    Fail("the table has ", engine_->OpenEndpoints(), " endpoints, the program ", owners_.size());
  }
  if (counters_[kOpenEndpoints] != static_cast<double>(owners_.size())) {
    Fail("the counter of endpoints is off");
  }
  if (kernel_.StaleRegistrations(IOCP_NET_SET) > 0) {
    Fail("a closed descriptor is still being watched");
  }
  if (kernel_.bad_descriptor_count() > 0) Fail("a closed descriptor was used");
  for (const auto& owner : owners_) CheckAtRest(*owner);
}

void World::CheckAtRest(const Owner& owner) {
  if (owner.closing) Fail("a close was not answered");
  const Endpoint* const endpoint = engine_->Find(owner.index, owner.generation);
  if (endpoint == nullptr) Fail("an endpoint is gone");
  const sim::Socket* const socket = kernel_.Find(endpoint->native.fd);
  if (socket == nullptr || socket->id != owner.socket) Fail("an endpoint has another's socket");
  const uint32_t ready = kernel_.Poll(endpoint->native.fd);
  if (owner.listener) {
    if (!owner.resting && (ready & sim::kIn) != 0) Fail("a listener has stopped accepting");
    return;
  }
  if (owner.connecting) {
    if (ready != 0) Fail("a connect was not answered");
    return;
  }
  if (owner.refused) return;
  if (owner.receiving && !owner.over && !owner.receivable && (ready & sim::kIn) != 0) {
    Fail("bytes, or an end, are not delivered");
  }
  const bool room = (ready & sim::kOut) != 0 && !socket->no_space;
  if (!owner.shortfalls.empty() && room) Fail("a 'sent' is missing");
  const bool queued = engine_->QueuedBytes(owner.index, owner.generation) > 0;
  if (queued != !owner.shortfalls.empty()) Fail("'sent' and the send queue do not agree");
  if (owner.shut_asked && !owner.shut && owner.shortfalls.empty()) {
    Fail("a shutdown was not answered");
  }
}

uint64_t World::Progress() const {
  uint64_t progress = kernel_.bytes_moved() + peers_.size() + delivered_;
  for (const auto& peer : peers_) progress += peer->over ? 1 : 0;
  return progress;
}

// No more faults, nobody who holds anything back: every byte arrives.
void World::LetEverythingFlow() {
  sim::Faults calm;
  calm.send_bytes_max = kernel_.faults().send_bytes_max;
  calm.receive_bytes_max = kernel_.faults().receive_bytes_max;
  kernel_.faults() = calm;
  while (kernel_.Held() > 0) kernel_.LetGo(0);
  while (!duplicates_.empty()) CloseDuplicate(0);
  for (uint64_t before = UINT64_MAX; before != Progress();) {
    before = Progress();
    for (const auto& owner : owners_) {
      if (owner->closing) continue;
      if (owner->listener) {
        owner->resting = false;
        owner->accept_starts++;
        Submit(Operation::kAcceptStart, owner->index, owner->generation, 0);
      } else if (owner->Open() && !owner->over && (!owner->receiving || owner->receivable)) {
        StartReceive(*owner, owner->mode);
      }
    }
    Settle();  // what is under way arrives first
    for (size_t i = 0; i < peers_.size(); i++) {
      Peer& peer = *peers_[i];
      if (peer.listener) PeerAccept(peer);
      if (Ready(peer) && !peer.over) PeerReceive(peer, kReceiveBytesMax);
    }
  }
}

void World::CheckFlows() {
  const auto check = [](const Flow* in, bool over) {
    if (in == nullptr || over || !in->Whole()) return;
    if (in->ended) Fail("an end that never came");
    if (in->received != in->written) {
      Fail("of ", in->written, " bytes only ", in->received, " have arrived");
    }
  };
  for (const auto& owner : owners_) check(owner->in, owner->over);
  for (const auto& peer : peers_) {
    if (Ready(*peer)) check(peer->in, peer->over);
  }
}

void World::EndWorld(bool abruptly) {
  if (!abruptly) {
    LetEverythingFlow();
    CheckFlows();
    for (const auto& owner : owners_) {
      if (!owner->closing) Close(*owner, CloseHow::kGraceful);
    }
    Settle();
    if (!owners_.empty()) Fail("endpoints are left");
  }
  EndEngine();
  engine_.reset();
  while (kernel_.Held() > 0) kernel_.LetGo(0);
  while (!duplicates_.empty()) CloseDuplicate(0);
  // What the engine sent before it ended arrives, too.
  for (uint64_t before = UINT64_MAX; before != kernel_.bytes_moved();) {
    before = kernel_.bytes_moved();
    for (const auto& peer : peers_) {
      if (Ready(*peer) && !peer->over) PeerReceive(*peer, kReceiveBytesMax);
    }
  }
  while (!peers_.empty()) PeerClose(*peers_.back(), false);
  if (kernel_.Sockets() > 0) Fail(kernel_.Sockets(), " sockets are left");
  if (kernel_.bad_descriptor_count() > 0) Fail("a closed descriptor was used");
}

}  // namespace iocp_net::test

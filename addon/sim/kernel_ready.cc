// Readiness and time of the simulated kernel.
#include <algorithm>

#include "sim/kernel.h"

namespace iocp_net::sim {

namespace {

constexpr size_t kLatestTicks = 64;

}  // namespace

uint32_t Kernel::Poll(int fd) const {
  const Socket* const socket = Find(fd);
  return socket == nullptr ? 0 : Readiness(*socket);
}

uint32_t Kernel::Readiness(const Socket& socket) const {
  using State = Socket::State;
  switch (socket.state) {
    case State::kListening:
      return socket.backlog.empty() ? 0U : uint32_t{kIn};
    case State::kConnecting:
      return 0;
    case State::kFresh:
      return kOut | kHangUp;
    case State::kRefused:
      return kIn | kOut | kPeerShut | kHangUp | kFailure;
    case State::kConnected:
      break;
  }
  uint32_t ready = 0;
  if (socket.error != kOk) ready |= kFailure;
  if (socket.dead) return ready | kIn | kOut | kPeerShut | kHangUp;
  const Channel& in = socket.in;
  if (in.arrived > 0) ready |= kIn;
  if (in.fin_arrived) ready |= kIn | kPeerShut;
  const auto peer = sockets_.find(socket.peer_id);
  const bool local_end = peer == sockets_.end() && socket.kind == EndpointKind::kPipe;
  if (in.fin_arrived && (socket.fin_sent || local_end)) ready |= kHangUp;
  const bool room = peer == sockets_.end() || peer->second->in.InFlight() < faults_.send_bytes_max;
  if (room) ready |= kOut;
  return ready;
}

// As when a set looks at a socket: one that finds no room gets an event when there is some.
uint32_t Kernel::Look(Socket& socket) {
  const uint32_t ready = Readiness(socket);
  if (socket.state == Socket::State::kConnected && (ready & kOut) == 0) socket.no_space = true;
  return ready;
}

int Kernel::OpenSet() {
  const Status error =
      Fails(faults_.errors) ? (random_.Chance(32768) ? UV__EMFILE : UV__ENOMEM) : kOk;
  if (error != kOk) return error;
  sets_.emplace_back().open = true;
  return static_cast<int>(sets_.size()) - 1;
}

void Kernel::CloseSet(int set) {
  sets_[static_cast<size_t>(set)] = {};
  for (auto& [id, socket] : sockets_) {
    std::erase_if(socket->registrations, [&](const Registration& r) { return r.set == set; });
  }
}

Status Kernel::Watch(int set, int fd, uint64_t data) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status error = Error({UV__ENOMEM, UV__ENOSPC}); error != kOk) return error;
  for (const Registration& registration : socket->registrations) {
    if (registration.set == set && registration.fd == fd) return UV__EEXIST;
  }
  Registration& fresh = socket->registrations.emplace_back(Registration{set, fd, data});
  if (Look(*socket) != 0) Mark(*socket, fresh);
  return kOk;
}

// Whatever is ready is an edge once more.
Status Kernel::WatchAgain(int set, int fd, uint64_t data) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status error = Error({UV__ENOMEM}); error != kOk) return error;
  for (Registration& registration : socket->registrations) {
    if (registration.set != set || registration.fd != fd) continue;
    registration.data = data;
    if (Look(*socket) != 0) Mark(*socket, registration);
    return kOk;
  }
  return UV__ENOENT;
}

void Kernel::Unwatch(int set, int fd) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return;
  std::erase_if(socket->registrations,
                [&](const Registration& r) { return r.set == set && r.fd == fd; });
}

void Kernel::Mark(const Socket& socket, Registration& registration) {
  if (registration.pending) return;
  registration.pending = true;
  sets_[static_cast<size_t>(registration.set)].ready.emplace_back(socket.id, registration.fd);
}

void Kernel::Raise(Socket& socket) {
  for (Registration& registration : socket.registrations) Mark(socket, registration);
}

void Kernel::Later(Happening happening, const Socket& socket) {
  due_.push({now_ + random_.UpTo(kLatestTicks), order_++, happening, socket.id});
}

void Kernel::Happen(const Due& due) {
  Socket* const socket = FindById(due.socket);
  if (socket == nullptr) return;
  switch (due.happening) {
    case Happening::kArrive: {
      const size_t in_flight = socket->in.InFlight();
      Arrive(*socket, faults_.pieces && in_flight > 1 ? random_.UpTo(in_flight) : SIZE_MAX);
      const size_t room = faults_.receive_bytes_max -
                          std::min<size_t>(socket->in.arrived, faults_.receive_bytes_max);
      if (socket->in.InFlight() > 0 && room > 0) Later(Happening::kArrive, *socket);
      return;
    }
    case Happening::kReset:
      OnReset(*socket, socket->in.fin_arrived ? UV__EPIPE : UV__ECONNRESET);
      return;
    case Happening::kConnect:
      if (socket->state != Socket::State::kConnecting) return;
      if (TryConnect(*socket) == UV__ECONNREFUSED) socket->error = UV__ECONNREFUSED;
      return;
    case Happening::kTimeOut:
      if (socket->state == Socket::State::kConnecting) Refuse(*socket, UV__ETIMEDOUT);
      return;
    case Happening::kEdge:
      Raise(*socket);
      return;
  }
}

void Kernel::RunDue() {
  while (!due_.empty() && due_.top().time <= now_) {
    const Due due = due_.top();
    due_.pop();
    Happen(due);
  }
}

void Kernel::ForgetGone() {
  decltype(due_) left;
  for (; !due_.empty(); due_.pop()) {
    if (FindById(due_.top().socket) != nullptr) left.push(due_.top());
  }
  due_ = std::move(left);
  for (Set& set : sets_) {
    std::erase_if(set.ready, [&](const auto& edge) { return FindById(edge.first) == nullptr; });
  }
}

int Kernel::Wait(int set, ReadyEvent* events, int events_max, int32_t timeout_ms) {
  if (Fails(faults_.errors)) return UV__EINTR;
  now_++;
  const uint64_t end = now_ + (timeout_ms > 0 ? static_cast<uint64_t>(timeout_ms) : 0);
  Set& watched = sets_[static_cast<size_t>(set)];
  for (;;) {
    RunDue();
    const int count = Collect(watched, events, events_max);
    if (count > 0 || timeout_ms == 0) return count;
    if (!watched.ready.empty()) continue;  // reported late
    if (due_.empty()) return timeout_ms < 0 ? UV__ETIMEDOUT : 0;
    if (timeout_ms > 0 && due_.top().time > end) {
      now_ = end;
      return 0;
    }
    now_ = due_.top().time;
  }
}

int Kernel::Collect(Set& set, ReadyEvent* events, int events_max) {
  if (set.ready.empty()) return 0;
  std::vector<std::pair<uint64_t, int>> ready = std::move(set.ready);
  set.ready.clear();
  if (faults_.reordered_events && ready.size() > 1) {
    fault_count_++;
    for (size_t i = ready.size() - 1; i > 0; i--) std::swap(ready[i], ready[random_.Below(i + 1)]);
  }
  int count = 0;
  const int set_number = static_cast<int>(&set - sets_.data());
  for (const auto& [id, fd] : ready) {
    Socket* const socket = FindById(id);
    if (socket == nullptr) continue;
    const auto registration =
        std::find_if(socket->registrations.begin(), socket->registrations.end(),
                     [&, number = fd](const Registration& r) {
                       return r.set == set_number && r.fd == number && r.pending;
                     });
    if (registration == socket->registrations.end()) continue;
    if (count == events_max || Fails(faults_.late_events)) {
      set.ready.emplace_back(id, fd);
      continue;
    }
    registration->pending = false;
    const uint32_t now = Look(*socket);
    if (now == 0) continue;
    events[count++] = {registration->data, now};
    if (Fails(faults_.spurious_events)) Mark(*socket, *registration);
  }
  return count;
}

bool Kernel::Busy(int set) const {
  return !due_.empty() || !sets_[static_cast<size_t>(set)].ready.empty();
}

size_t Kernel::StaleRegistrations(int set) const {
  size_t count = 0;
  for (const auto& [id, socket] : sockets_) {
    for (const Registration& registration : socket->registrations) {
      const auto fd = static_cast<size_t>(registration.fd);
      const bool held = std::find(held_.begin(), held_.end(), id) != held_.end();
      if (registration.set == set && descriptors_[fd].socket != id && !held) count++;
    }
  }
  return count;
}

}  // namespace iocp_net::sim

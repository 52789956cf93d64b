// Bytes of the simulated kernel: buffers, the way between them, ends and resets.
#include <algorithm>

#include "sim/kernel.h"

namespace iocp_net::sim {

int64_t Kernel::Receive(int fd, uint8_t* into, size_t bytes_max) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (socket->state == Socket::State::kConnecting) return UV__EAGAIN;
  if (socket->state != Socket::State::kConnected) return UV__ENOTCONN;
  if (const Status error = Error({UV__EINTR, UV__EINTR, UV__ENOMEM, UV__ENOBUFS}); error != kOk) {
    // Of the call, not of the connection: what is there stays there, and no edge announces it anew.
    // Only EINTR is one that a program goes on after.
    if (error != UV__EINTR) socket->link->disturbed = true;
    return error;
  }
  if (Fails(faults_.losses)) {
    Lose(*socket, random_.Chance(32768) ? UV__ETIMEDOUT : UV__ECONNRESET);
  }
  Channel& in = socket->in;
  if (in.arrived == 0) {
    if (in.fin_arrived && socket->kind == EndpointKind::kTcp) return 0;  // whatever came after it
    if (socket->error != kOk) return std::exchange(socket->error, kOk);
    if (in.fin_arrived || socket->dead) return 0;
    return UV__EAGAIN;
  }
  if (Fails(faults_.would_block)) {
    Later(Happening::kEdge, *socket);
    return UV__EAGAIN;
  }
  size_t bytes = std::min(bytes_max, in.arrived);
  if (bytes > 1 && Fails(faults_.short_receive)) {
    bytes = random_.UpTo(bytes - 1);
    Later(Happening::kEdge, *socket);  // as if the others had only just arrived
  }
  in.Take(into, bytes);
  socket->received_bytes += bytes;
  bytes_moved_ += bytes;
  if (in.InFlight() > 0 || (in.fin && !in.fin_arrived)) Transmit(*socket);
  if (Socket* const sender = PeerOf(*socket); sender != nullptr) GiveRoom(*sender, *socket);
  return static_cast<int64_t>(bytes);
}

int64_t Kernel::Available(int fd) {
  const Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status error = Error({UV__ENOMEM}); error != kOk) return error;
  return static_cast<int64_t>(socket->in.arrived);
}

int64_t Kernel::Send(int fd, Spans spans) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (socket->state == Socket::State::kConnecting) return UV__EAGAIN;
  if (socket->state != Socket::State::kConnected) return UV__EPIPE;
  // ENOBUFS and ENOMEM are of the moment, and no edge follows; EINTR is tried again at once.
  const Status error = Error({UV__EINTR, UV__ENOBUFS, UV__ENOMEM});
  if (error != kOk) return error;
  if (Fails(faults_.losses)) {
    Lose(*socket, random_.Chance(32768) ? UV__ETIMEDOUT : UV__EHOSTUNREACH);
  }
  Socket* const receiver = PeerOf(*socket);
  const bool gone = receiver == nullptr || receiver->dead;
  // A local socket keeps its error for the receiving side.
  if (socket->kind == EndpointKind::kPipe && gone) return UV__EPIPE;
  if (socket->error != kOk) return std::exchange(socket->error, kOk);
  if (socket->dead || socket->fin_sent) return UV__EPIPE;
  size_t total = 0;
  for (const Span& span : spans) total += span.size();
  if (gone) {
    // The other side is gone, and answers these bytes with a reset.
    socket->sent_bytes += total;
    SendReset(*socket);
    return static_cast<int64_t>(total);
  }
  socket->no_space = false;
  Channel& channel = receiver->in;
  const size_t used = std::min<size_t>(channel.InFlight(), faults_.send_bytes_max);
  size_t room = faults_.send_bytes_max - used;
  const bool blocked = room > 0 && Fails(faults_.would_block);
  if (room == 0 || blocked) {
    socket->no_space = true;
    if (blocked) Later(Happening::kEdge, *socket);
    return UV__EAGAIN;
  }
  if (total > 1 && Fails(faults_.short_send)) {
    room = std::min(room, random_.UpTo(total - 1));
    Later(Happening::kEdge, *socket);
  }
  const size_t bytes = std::min(total, room);
  if (bytes < total) socket->no_space = true;
  size_t left = bytes;
  for (const Span& span : spans) {
    const size_t length = std::min(left, span.size());
    channel.Append(span.data(), length);
    left -= length;
  }
  socket->sent_bytes += bytes;
  Transmit(*receiver);
  return static_cast<int64_t>(bytes);
}

Status Kernel::Shutdown(int fd) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  if (const Status error = Error({UV__ENOBUFS}); error != kOk) return error;
  if (socket->state != Socket::State::kConnected || Over(*socket)) return UV__ENOTCONN;
  socket->fin_sent = true;
  socket->connect_untold = false;
  // A socket that is dead takes no end: its error would be lost behind it.
  if (Socket* const receiver = PeerOf(*socket); receiver != nullptr && !receiver->dead) {
    receiver->in.fin = true;
    Transmit(*receiver);
  }
  if (socket->in.fin_arrived) Raise(*socket);  // both directions have ended: a hang-up
  return kOk;
}

// What is on its way to the receiver arrives: at once, or later and in pieces.
void Kernel::Transmit(Socket& receiver) {
  if (random_.Chance(faults_.late)) {
    fault_count_++;
    Later(Happening::kArrive, receiver);
  } else {
    Arrive(receiver, SIZE_MAX);
  }
}

void Kernel::Arrive(Socket& receiver, size_t bytes_max) {
  Channel& in = receiver.in;
  const size_t used = std::min<size_t>(in.arrived, faults_.receive_bytes_max);
  const size_t bytes =
      std::min({in.InFlight(), bytes_max, static_cast<size_t>(faults_.receive_bytes_max) - used});
  in.arrived += bytes;
  const bool ends = in.fin && !in.fin_arrived && in.InFlight() == 0;
  if (ends) in.fin_arrived = true;
  if (bytes > 0 || ends) Raise(receiver);
  if (Socket* const sender = PeerOf(receiver); sender != nullptr && bytes > 0) {
    GiveRoom(*sender, receiver);
  }
}

// A sender that was cut short gets an event once a good part of its buffer is free again.
void Kernel::GiveRoom(Socket& sender, const Socket& receiver) {
  if (!sender.no_space) return;
  const size_t used = receiver.in.InFlight();
  if (used > faults_.send_bytes_max / 3 * 2) return;
  if (used >= faults_.send_bytes_max) return;
  sender.no_space = false;
  Raise(sender);
}

void Kernel::SendReset(Socket& receiver) {
  receiver.link->disturbed = true;
  receiver.in.DropInFlight();
  if (random_.Chance(faults_.late)) {
    fault_count_++;
    Later(Happening::kReset, receiver);
  } else {
    OnReset(receiver, receiver.in.fin_arrived ? UV__EPIPE : UV__ECONNRESET);
  }
}

void Kernel::OnReset(Socket& socket, Status status) {
  if (socket.dead) return;
  socket.dead = true;
  socket.error = status;
  socket.in.DropInFlight();
  if (Socket* const peer = PeerOf(socket); peer != nullptr) peer->in.DropInFlight();
  Raise(socket);
}

void Kernel::Lose(Socket& socket, Status status) {
  if (socket.state != Socket::State::kConnected || socket.dead) return;
  socket.link->disturbed = true;
  if (Socket* const peer = PeerOf(socket); peer != nullptr) SendReset(*peer);
  OnReset(socket, status);
}

}  // namespace iocp_net::sim

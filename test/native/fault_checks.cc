// What must hold whatever strikes.
#include <doctest.h>

#include <algorithm>
#include <cstring>

#include "fault_player.h"

namespace iocp_net::test {

namespace {

constexpr size_t kHeadBytes = sizeof(uint64_t);
// An endpoint that is ready is served within this many turns and one for each endpoint.
constexpr uint32_t kQueuedTurnsMax = 16;

}  // namespace

// The first bytes name the flow, so that an accepted connection shows whose it is.
std::string FaultPlayer::FlowBytes(uint64_t flow, uint64_t at, size_t length) {
  std::string bytes(length, '\0');
  Pattern::Write(flow, at, reinterpret_cast<uint8_t*>(bytes.data()), length);
  for (uint64_t place = at; place < kHeadBytes && place - at < length; place++) {
    bytes[place - at] = static_cast<char>(flow >> (8 * place));
  }
  return bytes;
}

FaultPlayer::End& FaultPlayer::Add(const StreamPtr& stream, EndpointKind kind) {
  ends_.push_back(std::make_unique<End>());
  End& end = *ends_.back();
  end.stream = stream;
  end.kind = kind;
  by_stream_[stream.get()] = &end;
  return end;
}

FaultPlayer::End* FaultPlayer::Of(const Stream& stream) {
  const auto found = by_stream_.find(&stream);
  return found == by_stream_.end() ? nullptr : found->second;
}

FaultPlayer::End* FaultPlayer::ByNative(int64_t native) {
  if (native == -1) return nullptr;
  for (const auto& end : ends_) {
    if (end->gone) continue;
    const Stream& stream = *end->stream;
    if (KeyOf(stream.index, stream.generation) == native ||
        NativeOf(port_->engine(), stream) == native) {
      return end.get();
    }
  }
  return nullptr;
}

// What struck since the last time; of a direct call it is returned.
std::optional<size_t> FaultPlayer::Note() {
  std::optional<size_t> call;
  for (const Strike& strike : injector_.TakeStrikes()) {
    const FaultRow& row = FaultTable()[strike.row];
    if (row.answer != Answer::kCall) {
      NoteStrike(strike);
    } else if (call.has_value()) {
      Fail("a call went on after ", std::string(FaultTable()[*call].call), " had failed");
    } else {
      call = strike.row;
    }
  }
  return call;
}

void FaultPlayer::NoteStrike(const Strike& strike) {
  const FaultRow& row = FaultTable()[strike.row];
  if (row.answer == Answer::kAcceptFailed) {
    accepts_owed_.push_back(strike.row);
    return;
  }
  // Of accept4 alone are errors that nobody need report because who waits is refused.
  if (row.answer == Answer::kPool || (row.call == "accept4" && row.answer == Answer::kNobody)) {
    NoteInPool(strike);
    return;
  }
  if (row.call == "WSASocketW (a probe)" || row.call == "WSAIoctl (an extension)") {
    probes_struck_++;
    if (row.other != kOk) probes_lasting_.push_back(row.other);
  }
  if (row.answer == Answer::kRetried || row.answer == Answer::kNobody) return;
  End* const end = ByNative(strike.native);
  if (row.answer == Answer::kConnected && end == nullptr && strike.native >= -1) {
    connect_struck_ = strike.row;  // in the call that opens it
    return;
  }
  if (end == nullptr) return;  // it has been closed by the same call
  Owed& owed = row.answer == Answer::kConnected       ? end->connect
               : row.answer == Answer::kReceiveFailed ? end->receive
               : row.answer == Answer::kShut          ? end->shut
                                                      : end->send;
  if (owed.row.has_value()) {
    Fail(std::string(row.call), " was made again after it had failed with ",
         std::string(FaultTable()[*owed.row].name));
  }
  owed.row = strike.row;
}

void FaultPlayer::NoteInPool(const Strike& strike) {
  const bool named = strike.native <= kLastListenerKey;
  Pool& pool = pools_[named ? strike.native : kSockets];
  pool.may_fail.push_back(FaultTable()[strike.row].status);
  pool.struck = true;
  if (!named) return;
  for (const auto& end : ends_) {
    const bool connected = end->stream->connected && end->stream->connect_status == kOk;
    if (end->target != nullptr && !connected && PoolOf(end->target->address) == strike.native) {
      end->may_find_nobody = true;
    }
  }
}

// Of sockets no more is known than that they are sockets: what their accepts need is opened before
// it has anything to do with a listener.
int64_t FaultPlayer::PoolOf(const Address& address) {
#ifdef _WIN32
  if (address.kind == EndpointKind::kPipe) return ListenerKeyOf(address.host);
#else
  static_cast<void>(address);
#endif
  return kSockets;
}

// True when this is what struck.
bool FaultPlayer::Report(Owed& owed, Status status) {
  if (!owed.row.has_value() || FaultTable()[*owed.row].status != status) return false;
  if (!owed.seen) injector_.Reported(*owed.row, status);
  owed.seen = true;
  return true;
}

std::string FaultPlayer::StruckOf(const Owed& owed) {
  if (!owed.row.has_value()) return ", and nothing has struck it";
  const FaultRow& row = FaultTable()[*owed.row];
  return ", and what has struck is " + std::string(row.call) + " " + std::string(row.name);
}

// Windows: a pipe has no half-close. Soon after a shutdown it is closed as a whole, and what comes
// the other way after that is lost.
bool FaultPlayer::EndsAsAWhole(const End& end) {
#ifdef _WIN32
  return end.kind == EndpointKind::kPipe && end.shut_asked;
#else
  static_cast<void>(end);
  return false;
#endif
}

// Whether the other side's end explains it.
bool FaultPlayer::Genuine(const End& end, Status status) {
  if (end.peer != nullptr && EndsAsAWhole(*end.peer) && status == UV__EPIPE) return true;
  if (end.peer != nullptr && !end.peer->gone) return false;
#ifdef _WIN32
  if (status == UV__ECONNABORTED || status == UV__ECANCELED) return true;
#endif
  return status == UV__ECONNRESET || status == UV__EPIPE;
}

void FaultPlayer::Judge() {
  for (const auto& end : ends_) {
    if (end->gone) continue;
    if (end->listener) {
      JudgeListener(*end);
    } else {
      JudgeEnd(*end);
    }
  }
}

void FaultPlayer::JudgeListener(End& end) {
  const int64_t key = PoolOf(end.address);
  Pool& pool = pools_[key];
  if (end.stream->accept_failures != end.accept_failures) {
    if (++end.accept_failures != end.stream->accept_failures) {
      Fail("a listener at rest has accepted");
    }
    const Status status = end.stream->accept_failure;
    const auto owed = std::find_if(accepts_owed_.begin(), accepts_owed_.end(),
                                   [&](size_t row) { return FaultTable()[row].status == status; });
    if (owed != accepts_owed_.end()) {
      injector_.Reported(*owed, status);
      accepts_owed_.erase(owed);
    } else if (!pool.MayFail(status)) {
      Fail("an accept fails with ", status);
    }
  }
  // With each connection that is taken the whole pool is posted again.
  const size_t accepted = end.stream->accepted.size();
  if (key != kSockets && accepted > end.accepted && !pool.struck) pool.may_fail.clear();
  end.accepted = accepted;
  if (key != kSockets) pool.struck = false;
}

void FaultPlayer::JudgeEnd(End& end) {
  const Stream& stream = *end.stream;
  if (stream.connected && stream.connect_status != kOk && !end.failed) {
    end.failed = true;
    const Status status = stream.connect_status;
    // Of a wait for a name that goes meanwhile, in Wine alone.
    const bool vanished = status == UV__UNKNOWN && UnderWine() && end.kind == EndpointKind::kPipe;
    const bool closed = end.target != nullptr && end.target->gone;
    const bool nobody = (closed && status == UV__ECONNREFUSED) ||
                        ((closed || end.may_find_nobody) && (status == UV__ENOENT || vanished));
    if (!Report(end.connect, status) && !nobody && !Genuine(end, status)) {
      Fail("a connect fails with ", status, StruckOf(end.connect));
    }
  }
  if (stream.connected && stream.connect_status == kOk && end.connect.Unseen()) {
    Fail("a connection is reported", StruckOf(end.connect));
  }
  if (stream.connected && !end.asked_itself) JudgeTarget(end);
  if (stream.sent_status != kOk && !end.broken) {
    end.broken = true;
    if (!Report(end.send, stream.sent_status) && !Genuine(end, stream.sent_status)) {
      Fail("a queued send fails with ", stream.sent_status, StruckOf(end.send));
    }
  }
  if (stream.shut && stream.shut_status != kOk && !Report(end.shut, stream.shut_status) &&
      stream.shut_status != UV__ENOTCONN && !Genuine(end, stream.shut_status)) {
    Fail("a shutdown fails with ", stream.shut_status, StruckOf(end.shut));
  }
  if (stream.shut && stream.shut_status == kOk && end.shut.Unseen())
    Fail("a shutdown succeeds", StruckOf(end.shut));
  if (!end.gone && end.Over() && !end.ended) JudgeOver(end);
}

// A client of a port where nobody listens any more may get that very number, and TCP then connects
// it with itself.
void FaultPlayer::JudgeTarget(End& end) {
  end.asked_itself = true;
  if (!end.Open() || end.target == nullptr || end.kind != EndpointKind::kTcp) return;
  Address local;
  const Stream& stream = *end.stream;
  if (port_->engine().LocalAddress(stream.index, stream.generation, &local) == kOk &&
      local.port == end.target->address.port) {
    Close(end, CloseHow::kReset);
  }
}

void FaultPlayer::JudgeOver(End& end) {
  end.ended = true;
  const Status status = end.stream->ended ? UV__EOF : end.stream->receive_failure;
  if (Report(end.receive, status)) return;
  if (status != UV__EOF) {
    if (!Genuine(end, status)) Fail("a receive fails with ", status, StruckOf(end.receive));
    return;
  }
  if (EndsAsAWhole(end)) {
    end.receive.row.reset();  // whatever it was, our own end came first
    return;
  }
  if (end.receive.Unseen()) Fail("an end is reported", StruckOf(end.receive));
  const End* const peer = end.peer;
  if (peer == nullptr) return;  // it was refused, or its client has said nothing
  if (!peer->shut_asked && !peer->gone) Fail("an end that the sender has not sent");
  // A close with bytes unread is a reset, and a send that fails with it takes it from the receive.
  bool reset = peer->gone && (peer->how == CloseHow::kReset || end.broken);
#ifdef _WIN32
  // Wine's server may take it, too, and report an end.
  reset = reset || (peer->gone && UnderWine() && peer->received < end.written);
#endif
  const bool cut = peer->broken || peer->stream->sent_status != kOk || reset;
  const uint64_t least = cut ? 0 : peer->written - (peer->gone ? peer->unsent : 0);
  if (end.received < least || end.received > peer->written) {
    Fail("an end after ", end.received, " bytes instead of ", least, " to ", peer->written,
         end.kind == EndpointKind::kPipe ? ", local" : "", peer->gone ? ", of one who is gone" : "",
         peer->shut_asked ? ", after a shutdown" : "", StruckOf(peer->send));
  }
}

// Nobody starves: ready endpoints take turns.
void FaultPlayer::CheckTurns() {
  for (const auto& end : ends_) {
    const Endpoint* const endpoint =
        port_->engine().Find(end->stream->index, end->stream->generation);
    if (endpoint == nullptr || endpoint->queued == Queued::kNo) {
      end->turns_queued = 0;
    } else if (++end->turns_queued > kQueuedTurnsMax + ends_.size()) {
      Fail("an endpoint has waited for ", end->turns_queued, " turns");
    }
  }
}

void FaultPlayer::Take(Stream& stream, const uint8_t* bytes, size_t length) {
  End* const end = Of(stream);
  if (end == nullptr) Fail("bytes of an endpoint that was never announced");
  if (end->gone) Fail("bytes after a close");
  if (end->in == 0) {
    const size_t wanted = std::min(length, kHeadBytes - end->head.size());
    end->head.append(reinterpret_cast<const char*>(bytes), wanted);
    if (end->head.size() == kHeadBytes) Identify(*end);
    if (end->in == 0) {
      end->received += length;
      return;
    }
  }
  if (end->received + length > (end->peer == nullptr ? 0 : end->peer->written)) {
    Fail(end->received + length, " bytes are received of ",
         end->peer == nullptr ? "nobody" : std::to_string(end->peer->written),
         end->peer != nullptr && end->peer->gone ? ", who is gone" : "");
  }
  const std::string wanted = FlowBytes(end->in, end->received, length);
  if (std::memcmp(wanted.data(), bytes, length) != 0) {
    Fail("bytes ", end->received, " to ", end->received + length,
         " are not those that were written");
  }
  end->received += length;
}

void FaultPlayer::Identify(End& end) {
  for (size_t i = 0; i < kHeadBytes; i++) {
    end.in |= uint64_t{static_cast<uint8_t>(end.head[i])} << (8 * i);
  }
  for (const auto& client : ends_) {
    if (client->out != end.in || client->peer != nullptr) continue;
    client->peer = &end;
    end.peer = client.get();
    end.kind = client->kind;
    end.out = client->in;
  }
  if (end.peer == nullptr) Fail("the first bytes of a connection are nobody's");
}

}  // namespace iocp_net::test

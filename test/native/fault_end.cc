// A random program's end: everything flows, nothing is left.
#include <doctest.h>

#include "fault_player.h"

namespace iocp_net::test {

bool FaultPlayer::Arrived() const {
  return std::all_of(ends_.begin(), ends_.end(), [&](const auto& end) { return Arrived(*end); });
}

// Whether its shutdown has to show. A pipe's does while its own receive goes on; who was told that
// it has failed closes the pipe.
bool FaultPlayer::Ends(const End& end) {
  const Stream& stream = *end.stream;
  if (!end.shut_asked || !stream.shut || stream.shut_status != kOk) return false;
  return !EndsAsAWhole(end) || !end.receive.row.has_value();
}

bool FaultPlayer::Arrived(const End& end) const {
  const Stream& stream = *end.stream;
  if (end.gone) return stream.closed;
  if (end.listener) return true;
  if (!stream.connected) return false;
  if (!end.Open()) return true;
  if (end.receive.Unseen() || end.send.Unseen()) return false;
  if (Ends(end) && EndsAsAWhole(end) && !end.Over()) return false;
  const bool heard = end.peer != nullptr && !end.peer->gone;
  if (heard && end.peer->Over()) return true;  // it reads no more
  if (end.shut_asked && !stream.shut) return false;
  if (Ends(end) && heard) return false;
  if (end.Over()) return true;
  if (end.peer != nullptr && end.peer->gone) return false;
  if (end.broken) return true;
  if (stream.sent != end.sent_owed) return false;
  if (end.peer == nullptr) return end.written == 0;
  return end.peer->received == end.written;
}

std::string FaultPlayer::Waiting() const {
  std::string text;
  for (const auto& end : ends_) {
    if (Arrived(*end)) continue;
    const Stream& stream = *end->stream;
    text += "\n  endpoint " + std::to_string(stream.index) +
            (stream.connected ? "" : ", not connected") + (end->gone ? ", not closed" : "") +
            (end->kind == EndpointKind::kPipe ? ", local" : "") + ", written " +
            std::to_string(end->written) + ", received by the peer " +
            (end->peer == nullptr ? "?" : std::to_string(end->peer->received)) + ", sent " +
            std::to_string(stream.sent) + " of " + std::to_string(end->sent_owed) +
            (end->receive.Unseen() ? ", owes a receive's failure" : "") +
            (end->send.Unseen() ? ", owes a send's failure" : "") +
            (end->shut_asked && !stream.shut ? ", owes a shut" : "") +
            (Ends(*end) ? ", was shut" : "") + (end->Over() ? ", over" : "") +
            (end->peer != nullptr && end->peer->gone ? ", its peer is gone" : "");
  }
  return text;
}

// Windows: a pipe is there, and busy, as long as one of its connections is; who waits for a free
// instance of it waits for half a minute, whether anybody listens or not.
bool FaultPlayer::WaitsInVain(const End& end) {
#ifdef _WIN32
  return end.kind == EndpointKind::kPipe && !end.stream->connected && end.target != nullptr &&
         end.target->gone;
#else
  static_cast<void>(end);
  return false;
#endif
}

// No more faults, nobody who holds anything back: every byte arrives, and all that is owed comes.
void FaultPlayer::LetEverythingFlow() {
  calm_ = true;
  for (const auto& end : ends_) {
    if (!end->gone && !end->listener && !end->Over()) port_->Receive(*end->stream);
  }
  const auto settled = [&] {
    RestartAccepts();
    Judge();
    // Its receive has failed before it was known whose it is: its client waits for it.
    for (const auto& end : ends_) {
      if (end->listener || end->gone) continue;
      const bool unnamed = end->out == 0 && end->Over();
      if (unnamed || WaitsInVain(*end)) Close(*end, CloseHow::kReset);
    }
    return Arrived();
  };
  try {
    port_->Until("every byte", settled);
  } catch (...) {
    MESSAGE("still waiting: ", Waiting());
    throw;
  }
  port_->Settle();
}

void FaultPlayer::CheckAtRest() {
  if (!accepts_owed_.empty()) Fail("a failed accept was not reported");
  size_t open = 0;
  for (const auto& end : ends_) {
    if (end->gone && !end->stream->closed) Fail("a close was not answered");
    if (!end->gone) open++;
  }
  if (port_->engine().OpenEndpoints() != open) {
    Fail("the table has ", port_->engine().OpenEndpoints(), " endpoints instead of ", open);
  }
}

// Closes everything, faults or not; then nothing may be left.
void FaultPlayer::Finish() {
  calm_ = false;
  if (random_.Below(2) == 0) {
    for (const auto& end : ends_) {
      if (!end->gone) Close(*end, random_.Below(2) == 0 ? CloseHow::kReset : CloseHow::kGraceful);
    }
    port_->CloseAll();
  } else {
    const Armed armed(injector_);
    port_->End();
  }
  injector_.TakeStrikes();  // of closes, which nobody reports
  port_.reset();
  if (const size_t now = OpenDescriptors(); now != descriptors_) {
    Fail("descriptors: ", descriptors_, " before, ", now, " after");
  }
}

}  // namespace iocp_net::test

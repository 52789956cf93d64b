#include "harness.h"

#include <doctest.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#ifdef _WIN32
#include <windows.h>
#endif

namespace iocp_net::test {

namespace {

constexpr auto kGuard = std::chrono::seconds(60);

}  // namespace

Harness::Harness()
    : control_(kControlWords),
      counters_(kCounterCount),
      slab_(kSlabBytes),
      arena_(kArenaBytes),
      engine_(std::make_unique<Engine>()) {
  on_received = [](Stream& stream, const uint8_t* bytes, size_t length) {
    stream.received.append(reinterpret_cast<const char*>(bytes), length);
  };
  SharedMemory memory;
  memory.control = control_.data();
  memory.counters = counters_.data();
  memory.slab = slab_.data();
  memory.arena = arena_.data();
  REQUIRE(engine_->Open(memory) == kOk);
}

Harness::~Harness() = default;

Address Harness::Loopback(uint16_t port, int32_t family) {
  Address address;
  address.host = family == 6 ? "::1" : "127.0.0.1";
  address.port = port;
  address.family = family;
  return address;
}

StreamPtr Harness::Listen(Status* status, const Address& address) {
  const Status result = engine_->Listen(address, 511, 0);
  if (status != nullptr) *status = result;
  if (status == nullptr) REQUIRE(result == kOk);
  if (result != kOk) return nullptr;
  auto stream = std::make_shared<Stream>();
  stream->index = control_[kReplyIndex];
  stream->generation = control_[kReplyGeneration];
  return streams_[stream->index] = stream;
}

StreamPtr Harness::Connect(const Address& peer, Status* status, const Address* local,
                           ConnectStage* failed) {
  const Status result = engine_->Connect(peer, local);
  if (status != nullptr) *status = result;
  if (status == nullptr) REQUIRE(result == kOk);
  if (result != kOk) {
    if (failed != nullptr) *failed = static_cast<ConnectStage>(control_[kReplyIndex]);
    return nullptr;
  }
  auto stream = std::make_shared<Stream>();
  stream->index = control_[kReplyIndex];
  stream->generation = control_[kReplyGeneration];
  return streams_[stream->index] = stream;
}

uint16_t Harness::PortOf(const StreamPtr& stream) {
  Address address;
  REQUIRE(engine_->LocalAddress(stream->index, stream->generation, &address) == kOk);
  return address.port;
}

Harness::Pair Harness::Connected(const StreamPtr& listener, bool receive) {
  Pair pair;
  const size_t before = listener->accepted.size();
  pair.client = Connect(Loopback(PortOf(listener)));
  Until("connected", [&] { return pair.client->connected && listener->accepted.size() > before; });
  REQUIRE(pair.client->connect_status == kOk);
  pair.server = listener->accepted.back();
  if (receive) {
    Receive(*pair.client);
    Receive(*pair.server);
  }
  return pair;
}

void Harness::Submit(Operation operation, const Stream& stream, int32_t argument) {
  const auto known = streams_.find(stream.index);
  if (known != streams_.end() && known->second.get() == &stream) {
    if (operation == Operation::kReceiveStart) known->second->receiving = true;
    if (operation == Operation::kReceiveStop) known->second->receiving = false;
  }
  if (control_[kSubmissionTail] - control_[kSubmissionHead] == kSubmissionCapacity) {
    engine_->Flush();
  }
  int32_t* const record = control_.data() + kSubmissionWords +
                          (control_[kSubmissionTail] & (kSubmissionCapacity - 1)) * kRecordWords;
  record[kSubmissionOperation] = static_cast<int32_t>(operation);
  record[kSubmissionIndex] = stream.index;
  record[kSubmissionGeneration] = stream.generation;
  record[kSubmissionArgument] = argument;
  control_[kSubmissionTail]++;
}

int64_t Harness::Written(const Stream& stream, size_t length, int64_t taken) {
  const auto known = streams_.find(stream.index);
  if (taken >= 0 && taken < static_cast<int64_t>(length) && known != streams_.end() &&
      known->second.get() == &stream) {
    known->second->stalled = true;
  }
  return taken;
}

int64_t Harness::Write(const Stream& stream, const std::string& bytes) {
  REQUIRE(bytes.size() <= kSlabBytes);
  std::memcpy(slab_.data(), bytes.data(), bytes.size());
  control_[kSlabIndex] = stream.index;
  control_[kSlabGeneration] = stream.generation;
  control_[kSlabLength] = static_cast<int32_t>(bytes.size());
  engine_->SendSlab();
  // The slab is anybody's as soon as the call is back.
  std::memset(slab_.data(), 0xAA, bytes.size());
  const int64_t taken = control_[kSlabSent];
  if (taken < 0 || taken == static_cast<int64_t>(bytes.size())) return taken;
  // As JavaScript does it: what the system did not take is sent by reference.
  auto rest = std::make_unique<std::string>(bytes.substr(static_cast<size_t>(taken)));
  const int64_t more = Send(stream, *rest);
  if (more < 0) return more;
  if (const auto known = streams_.find(stream.index); known != streams_.end()) {
    known->second->kept.push_back(std::move(rest));
  }
  return taken + more;
}

int64_t Harness::Send(const Stream& stream, const std::string& bytes) {
  return Send(stream, {{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}});
}

int64_t Harness::Send(const Stream& stream, const std::vector<Span>& spans) {
  size_t length = 0;
  for (const Span& span : spans) length += span.size();
  return Written(stream, length, engine_->Send(stream.index, stream.generation, spans));
}

StreamPtr Harness::Adopt(int64_t descriptor, int32_t flags, Status* status) {
  const Status result = engine_->Adopt(descriptor, flags, 511);
  if (status != nullptr) *status = result;
  if (status == nullptr) REQUIRE(result == kOk);
  if (result != kOk) return nullptr;
  auto stream = std::make_shared<Stream>();
  stream->index = control_[kReplyIndex];
  stream->generation = control_[kReplyGeneration];
  stream->connected = true;
  return streams_[stream->index] = stream;
}

StreamPtr Harness::Known(int32_t index, int32_t generation) {
  const auto found = streams_.find(index);
  REQUIRE_MESSAGE(found != streams_.end(), "a completion of an endpoint that was never announced");
  REQUIRE(found->second->generation == generation);
  return found->second;
}

// As JavaScript does it: into memory of its own, a chunk at a time.
void Harness::TakeAnnounced(const StreamPtr& stream, size_t waiting) {
  if (on_receivable) on_receivable(*stream, waiting);
  size_t left = waiting > 0 ? waiting : kReceivableBytesMax;
  while (left > 0 && stream->receiving && !stream->closed) {
    REQUIRE_FALSE(stream->Over());
    std::vector<uint8_t> chunk(std::min<size_t>(left, kReceiveBytesMax));
    const int64_t bytes =
        engine_->Receive(stream->index, stream->generation, chunk.data(), chunk.size());
    if (bytes > 0) {
      on_received(*stream, chunk.data(), static_cast<size_t>(bytes));
    } else if (bytes == 0) {
      stream->ended = true;
    } else if (bytes != UV__EAGAIN) {
      stream->receive_failure = static_cast<Status>(bytes);
    }
    if (bytes < static_cast<int64_t>(chunk.size())) {
      if (waiting > 0) stream->short_receives++;
      return;
    }
    left -= chunk.size();
  }
}

void Harness::Dispatch() {
  engine_->RefillCompletions();
  while (control_[kCompletionHead] != control_[kCompletionTail]) {
    const int32_t* const record =
        control_.data() + kCompletionWords +
        (control_[kCompletionHead] & (kCompletionCapacity - 1)) * kRecordWords;
    control_[kCompletionHead]++;
    const StreamPtr stream = Known(record[kCompletionIndex], record[kCompletionGeneration]);
    REQUIRE_FALSE(stream->closed);  // kClosed is the last completion
    switch (static_cast<Completion>(record[kCompletionKind])) {
      case Completion::kAccepted: {
        auto fresh = std::make_shared<Stream>();
        fresh->index = record[kCompletionAcceptedIndex];
        fresh->generation = record[kCompletionAcceptedGeneration];
        fresh->connected = true;
        streams_[fresh->index] = fresh;
        stream->accepted.push_back(fresh);
        if (on_accepted) on_accepted(fresh);
        break;
      }
      case Completion::kConnected:
        REQUIRE_FALSE(stream->connected);
        stream->connected = true;
        stream->connect_status = record[kCompletionStatus];
        break;
      case Completion::kReceived:
        REQUIRE_FALSE(stream->Over());
        REQUIRE(record[kCompletionLength] > 0);
        on_received(*stream, arena_.data() + record[kCompletionOffset],
                    static_cast<size_t>(record[kCompletionLength]));
        break;
      case Completion::kReceivable:
        TakeAnnounced(stream, static_cast<size_t>(record[kCompletionWaiting]));
        break;
      case Completion::kEnded:
        REQUIRE_FALSE(stream->Over());
        stream->ended = true;
        break;
      case Completion::kReceiveFailed:
        REQUIRE_FALSE(stream->Over());
        stream->receive_failure = record[kCompletionStatus];
        break;
      case Completion::kSent:
        stream->sent++;
        // More may have been queued since; its own kSent follows.
        if (engine_->QueuedBytes(stream->index, stream->generation) > 0) break;
        stream->stalled = false;
        stream->kept.clear();
        stream->sent_status = record[kCompletionStatus];
        break;
      case Completion::kShut:
        REQUIRE_FALSE(stream->shut);
        stream->shut = true;
        stream->shut_status = record[kCompletionStatus];
        break;
      case Completion::kClosed:
        stream->closed = true;
        stream->kept.clear();
        streams_.erase(record[kCompletionIndex]);
        break;
      case Completion::kAcceptFailed:
        stream->accept_failure = record[kCompletionStatus];
        stream->accept_failures++;
        break;
    }
    if (control_[kCompletionHead] == control_[kCompletionTail]) engine_->RefillCompletions();
  }
}

void Harness::Turn(int32_t timeout_ms) {
  engine_->Flush();
  engine_->Reap(timeout_ms);
  Dispatch();
  engine_->Flush();
}

void Harness::Until(const char* what, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kGuard;
  while (!condition()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end, "waited in vain: ", what);
    Turn(50);
  }
}

void Harness::Settle() {
  for (int i = 0; i < 5; i++) Turn(2);
}

void Harness::CloseAll() {
  for (const auto& [index, stream] : streams_) Close(*stream, CloseHow::kReset);
  Until("everything closed", [&] { return streams_.empty(); });
  CHECK(engine_->OpenEndpoints() == 0);
}

std::string Pattern(size_t length, uint32_t seed) {
  std::string bytes(length, '\0');
  uint32_t state = seed * 2654435761u + 12345u;
  for (size_t i = 0; i < length; i++) {
    state = state * 1664525u + 1013904223u;
    bytes[i] = static_cast<char>(state >> 24);
  }
  return bytes;
}

bool UnderWine() {
#ifdef _WIN32
  return ::GetProcAddress(::GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
#else
  return false;
#endif
}

}  // namespace iocp_net::test

// The same random programs on the simulated kernel and on the real one: this file is compiled for
// both backends, and what the two print is the same. Without faults; what is printed of each
// endpoint does not depend on how bytes were cut up, nor on the order between endpoints.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "model.h"
#include "port/backend.h"
#include "port/engine.h"
#ifndef IOCP_NET_SIM
#include <unistd.h>
#endif

namespace iocp_net::test {

namespace {

constexpr const char* kHelp = R"(usage: %s [options]

  --seed N       of the first program; those after it count up (default 1)
  --programs N   how many (default 100)
  --help         this text
)";

constexpr size_t kStepsMax = 80;
constexpr size_t kEndsMax = 12;
// What waits unread must fit into any kernel's buffers: when one is full is not compared.
constexpr uint64_t kUnreadMax = 20'000;
constexpr int kQuietTurns = 3;
constexpr int kTurnsMax = 2000;

struct End {
  int32_t index = 0;
  int32_t generation = 0;
  EndpointKind kind = EndpointKind::kTcp;
  std::string trace;
  bool listener = false;
  bool connected = false;
  bool closing = false;
  bool closed = false;
  bool receiving = false;
  bool over = false;
  bool shut = false;
  bool broken = false;
  Address address;
  uint64_t flow = 0;  // of its bytes
  uint64_t written = 0;
  uint64_t received = 0;
  uint64_t noted = 0;  // of them
  End* peer = nullptr;

  bool Open() const { return connected && !closing; }
};

class Play {
 public:
  explicit Play(uint64_t seed) : random_(seed) {
#ifdef IOCP_NET_SIM
    kernel_ = std::make_unique<sim::Kernel>(seed, sim::Faults{});
    sim::Kernel::Current() = kernel_.get();
#endif
    engine_ = std::make_unique<Engine>();
    SharedMemory memory;
    memory.control = control_.data();
    memory.counters = counters_.data();
    memory.slab = slab_.data();
    memory.arena = arena_.data();
    if (engine_->Open(memory) != kOk) Fail("the engine does not open");
    prefix_ = "parity-" + std::to_string(seed) + "-";
  }

  void Run() {
    for (size_t i = 0; i < kStepsMax; i++) {
      Step();
      Settle();
    }
    for (const auto& end : ends_) {
      if (end->Open() && !end->over && !end->receiving) Receive(*end, true);
      Settle();
    }
    for (const int fd : duplicates_) CloseDescriptor(fd);
    Settle();
    for (const auto& end : ends_) {
      if (!end->closing) Close(*end, CloseHow::kGraceful);
      Settle();
    }
    for (const auto& end : ends_) {
      NoteReceived(*end);
      std::printf("%s\n", end->trace.c_str());
    }
    std::printf("open %zu\n", engine_->OpenEndpoints());
  }

 private:
  void Note(End& end, const std::string& what) {
    NoteReceived(end);
    end.trace += ", " + what;
  }
  void NoteReceived(End& end) {
    if (end.received == end.noted) return;
    end.trace += ", received " + std::to_string(end.received - end.noted);
    end.noted = end.received;
  }

  template <typename Suits>
  End* Pick(Suits suits) {
    std::vector<End*> suitable;
    for (const auto& end : ends_) {
      if (suits(*end)) suitable.push_back(end.get());
    }
    return suitable.empty() ? nullptr : suitable[random_.Below(suitable.size())];
  }

  End& Add(const std::string& name) {
    ends_.push_back(std::make_unique<End>());
    End& end = *ends_.back();
    end.flow = ends_.size();
    end.trace = std::to_string(ends_.size()) + " " + name;
    return end;
  }
  void NameByReply(End& end) {
    end.index = control_[kReplyIndex];
    end.generation = control_[kReplyGeneration];
  }

  void Step() {
    const size_t what = random_.Below(100);
    const auto lives = [](const End& end) {
      const End* const peer = end.peer;
      return end.Open() && !end.over && !end.broken && peer != nullptr && peer->Open() &&
             !peer->over && !peer->broken;
    };
    if (what < 8) return Listen();
    if (what < 28) return Connect();
    if (what < 52) return Send();
    if (what < 66) {
      End* const end = Pick([](const End& e) { return e.Open() && !e.over; });
      if (end != nullptr) Receive(*end, random_.Below(3) > 0);
      return;
    }
    if (what < 74) return Shutdown();
    if (what < 86) {
      End* const end = Pick([](const End& e) { return !e.closing && (e.connected || e.listener); });
      if (end != nullptr)
        Close(*end, random_.Below(3) == 0 ? CloseHow::kReset : CloseHow::kGraceful);
      return;
    }
    if (what < 90) {
      // Of a connection that is over it would make a new one.
      if (End* const end = Pick(lives)) Note(*end, "again " + std::to_string(ConnectAgain(*end)));
      return;
    }
    if (what < 94) return Duplicate();
    if (what < 97) return HandOver();
    if (!duplicates_.empty()) {
      CloseDescriptor(duplicates_.back());
      duplicates_.pop_back();
    }
  }

  void Listen() {
    if (ends_.size() >= kEndsMax) return;
    Address address;
    if (random_.Below(3) == 0) {
      address.kind = EndpointKind::kPipe;
      address.host = std::string(1, '\0') + prefix_ + std::to_string(ends_.size());
    } else {
      address.host = "127.0.0.1";
    }
    const Status status = engine_->Listen(address, 64, 0);
    End& end = Add("listener");
    if (status != kOk) Fail("listen: ", status);
    NameByReply(end);
    end.listener = true;
    end.kind = address.kind;
    if (engine_->LocalAddress(end.index, end.generation, &end.address) != kOk) Fail("no address");
  }

  void Connect() {
    if (ends_.size() >= kEndsMax) return;
    End* const listener = Pick([](const End& e) { return e.listener; });  // perhaps closed
    if (listener == nullptr) return;
    End& end = Add(std::string("client of ") + listener->trace.substr(0, 2));
    end.kind = listener->kind;
    const Status status = engine_->Connect(listener->address, nullptr);
    if (status != kOk) {
      Note(end, "not connected " + std::to_string(status));
      end.closing = end.closed = true;
      return;
    }
    NameByReply(end);
    accepted_ = nullptr;
    Settle();
    if (!end.connected || accepted_ == nullptr) return;
    end.peer = accepted_;
    accepted_->peer = &end;
  }

  void Send() {
    End* const end = Pick([](const End& e) { return e.Open() && !e.shut && !e.broken; });
    if (end == nullptr || end->peer == nullptr) return;
    const uint64_t unread = end->written - end->peer->received;
    const uint64_t most = std::min<uint64_t>(kUnreadMax - std::min(unread, kUnreadMax), 20'000);
    if (most == 0) return;
    const size_t length = random_.UpTo(most);
    std::vector<uint8_t>& bytes = sent_.emplace_back(length);  // lent to the port
    Pattern::Write(end->flow, end->written, bytes.data(), length);
    const Span span{bytes.data(), length};
    const int64_t sent = engine_->Send(end->index, end->generation, Spans(&span, 1));
    Note(*end, sent < 0 ? "send " + std::to_string(sent) : "send " + std::to_string(length));
    end->written += length;
    if (sent < 0) end->broken = true;
  }

  void Receive(End& end, bool on) {
    end.receiving = on;
    Submit(on ? Operation::kReceiveStart : Operation::kReceiveStop, end);
  }

  void Shutdown() {
    End* const end = Pick([](const End& e) { return e.Open() && !e.shut && !e.broken; });
    if (end == nullptr) return;
    end->shut = true;
    Submit(Operation::kShutdown, *end);
  }

  void Close(End& end, CloseHow how) {
    if (end.closing) return;
    end.closing = true;
    engine_->Close(end.index, end.generation, how);
  }

  Status ConnectAgain(const End& end) {
    Address address = end.address;
    address.kind = end.kind;
    address.host = end.kind == EndpointKind::kPipe ? "/nowhere" : "127.0.0.1";
    address.port = 9;
    return end.kind == EndpointKind::kPipe
               ? kOk
               : engine_->ConnectAgain(end.index, end.generation, address);
  }

  // The connection lives on under the duplicate.
  void Duplicate() {
    End* const end = Pick([](const End& e) { return e.Open(); });
    if (end == nullptr) return;
    const int64_t fd = engine_->Duplicate(end->index, end->generation);
    if (fd < 0) Fail("duplicate: ", fd);
    duplicates_.push_back(static_cast<int>(fd));
    Note(*end, "duplicated");
  }

  // To another endpoint, which goes on where this one was.
  void HandOver() {
    End* const end = Pick([](const End& e) { return e.Open() && !e.over; });
    if (end == nullptr) return;
    const int64_t fd = engine_->Duplicate(end->index, end->generation);
    if (fd < 0) Fail("duplicate: ", fd);
    Close(*end, CloseHow::kHandOver);
    Settle();
    const Status status = engine_->Adopt(fd, 0, 0);
    End& next = Add("adopted " + std::to_string(status));
    if (status != kOk) {
      CloseDescriptor(static_cast<int>(fd));
      next.closing = next.closed = true;
      return;
    }
    NameByReply(next);
    next.connected = true;
    next.kind = end->kind;
    next.flow = end->flow;
    next.written = end->written;
    next.received = next.noted = end->received;
    next.shut = end->shut;
    next.broken = end->broken;
    next.peer = end->peer;
    if (next.peer != nullptr) next.peer->peer = &next;
  }

  void CloseDescriptor(int fd) {
#ifdef IOCP_NET_SIM
    kernel_->Close(fd);
#else
    ::close(fd);
#endif
  }

  void Submit(Operation operation, const End& end) {
    int32_t* const record = control_.data() + kSubmissionWords +
                            (control_[kSubmissionTail] & (kSubmissionCapacity - 1)) * kRecordWords;
    record[kSubmissionOperation] = static_cast<int32_t>(operation);
    record[kSubmissionIndex] = end.index;
    record[kSubmissionGeneration] = end.generation;
    record[kSubmissionArgument] = 0;
    control_[kSubmissionTail]++;
  }

  // Until nothing more comes.
  void Settle() {
    int quiet = 0;
    for (int turns = 0; quiet < kQuietTurns && turns < kTurnsMax; turns++) {
      engine_->Flush();
      engine_->Reap(quiet == 0 ? 0 : 1);
      quiet =
          engine_->HasCompletions() || engine_->HasReady() || engine_->HasLater() ? 0 : quiet + 1;
      Dispatch();
    }
  }

  End* Find(int32_t index, int32_t generation) {
    for (const auto& end : ends_) {
      if (!end->closed && end->index == index && end->generation == generation) return end.get();
    }
    return nullptr;
  }

  void Dispatch() {
    engine_->RefillCompletions();
    while (control_[kCompletionHead] != control_[kCompletionTail]) {
      const int32_t* const record =
          control_.data() + kCompletionWords +
          (control_[kCompletionHead] & (kCompletionCapacity - 1)) * kRecordWords;
      control_[kCompletionHead]++;
      End* const end = Find(record[kCompletionIndex], record[kCompletionGeneration]);
      if (end == nullptr) Fail("a completion of nobody");
      Deliver(*end, record);
      engine_->RefillCompletions();
    }
  }

  void Deliver(End& end, const int32_t* record) {
    const Status status = record[kCompletionStatus];
    switch (static_cast<Completion>(record[kCompletionKind])) {
      case Completion::kAccepted: {
        End& fresh = Add("server of " + end.trace.substr(0, 2));
        fresh.index = record[kCompletionAcceptedIndex];
        fresh.generation = record[kCompletionAcceptedGeneration];
        fresh.kind = end.kind;
        fresh.connected = true;
        accepted_ = &fresh;
        return SendAtOnce(fresh);
      }
      case Completion::kConnected:
        end.connected = status == kOk;
        if (end.connected) SendAtOnce(end);
        return Note(end, "connected " + std::to_string(status));
      case Completion::kReceived:
        return Take(end, arena_.data() + record[kCompletionOffset],
                    static_cast<size_t>(record[kCompletionLength]));
      case Completion::kReceivable:
        return Receivable(end);
      case Completion::kEnded:
        end.over = true;
        return Note(end, "ended");
      case Completion::kReceiveFailed:
        end.over = true;
        return Note(end, "receive " + std::to_string(status));
      case Completion::kSent:
        end.broken = status != kOk;
        return;  // whether something had to wait is the kernel's own
      case Completion::kShut:
        return Note(end, "shut " + std::to_string(status));
      case Completion::kClosed:
        end.closed = true;
        return Note(end, "closed");
      case Completion::kAcceptFailed:
        return Note(end, "accept " + std::to_string(status));
    }
  }

  // Without Nagle's algorithm, which lets a small rest wait for the peer's answer.
  void SendAtOnce(const End& end) {
    if (end.kind == EndpointKind::kPipe) return;
    engine_->SetOption(end.index, end.generation, Option::kNoDelay, 1, 0, 0, 0);
  }

  void Receivable(End& end) {
    std::vector<uint8_t> bytes(kReceiveBytesMax);
    while (end.receiving && !end.closing) {
      const int64_t received =
          engine_->Receive(end.index, end.generation, bytes.data(), bytes.size());
      if (received == UV__EAGAIN) return;
      if (received <= 0) {
        end.over = true;
        return Note(end, received == 0 ? "ended" : "receive " + std::to_string(received));
      }
      Take(end, bytes.data(), static_cast<size_t>(received));
      if (received < static_cast<int64_t>(bytes.size())) return;
    }
  }

  void Take(End& end, const uint8_t* bytes, size_t length) {
    if (end.peer == nullptr || !Pattern::Matches(end.peer->flow, end.received, bytes, length)) {
      Fail("wrong bytes");
    }
    end.received += length;
  }

  sim::Random random_;
#ifdef IOCP_NET_SIM
  std::unique_ptr<sim::Kernel> kernel_;
#endif
  std::vector<int32_t> control_ = std::vector<int32_t>(kControlWords);
  std::vector<double> counters_ = std::vector<double>(kCounterCount);
  std::vector<uint8_t> slab_ = std::vector<uint8_t>(kSlabBytes);
  std::vector<uint8_t> arena_ = std::vector<uint8_t>(kArenaBytes);
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<End>> ends_;
  std::deque<std::vector<uint8_t>> sent_;
  std::vector<int> duplicates_;
  End* accepted_ = nullptr;
  std::string prefix_;
};

int Main(int count, char** words) {
  uint64_t seed = 1;
  uint64_t programs = 100;
  for (int i = 1; i < count; i++) {
    const std::string word = words[i];
    if (word == "--help") {
      std::printf(kHelp, words[0]);
      return 0;
    }
    if (i + 1 < count && word == "--seed") {
      seed = std::strtoull(words[++i], nullptr, 10);
    } else if (i + 1 < count && word == "--programs") {
      programs = std::strtoull(words[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "unknown option %s\n", word.c_str());
      return 2;
    }
  }
  for (uint64_t i = 0; i < programs; i++) {
    std::printf("program %llu\n", static_cast<unsigned long long>(seed + i));
    try {
      Play(seed + i).Run();
    } catch (const Violation& violation) {
      std::printf("FAILED: %s\n", violation.what());
      return 1;
    }
  }
  return 0;
}

}  // namespace

}  // namespace iocp_net::test

int main(int count, char** words) { return iocp_net::test::Main(count, words); }

// JavaScript's half of the boundary, in C++: writes submissions, takes completions, and keeps for
// each endpoint what was reported.
#ifndef IOCP_NET_TEST_NATIVE_HARNESS_H_
#define IOCP_NET_TEST_NATIVE_HARNESS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "port/engine.h"

namespace iocp_net::test {

struct Stream;
using StreamPtr = std::shared_ptr<Stream>;

// What an endpoint's owner knows of it.
struct Stream {
  int32_t index = -1;
  int32_t generation = 0;
  bool connected = false;
  Status connect_status = kOk;
  bool receiving = false;
  std::string received;
  int short_receives = 0;  // that brought less than what was announced
  bool ended = false;
  Status receive_failure = kOk;
  bool stalled = false;  // a write did not leave at once; kSent has not come
  int sent = 0;
  Status sent_status = kOk;
  bool shut = false;
  Status shut_status = kOk;
  bool closed = false;
  Status accept_failure = kOk;
  int accept_failures = 0;
  std::vector<std::unique_ptr<std::string>> kept;  // what Write has sent from, until kSent
  std::vector<StreamPtr> accepted;

  bool Over() const { return ended || receive_failure != kOk; }
};

class Harness {
 public:
  Harness();
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  Engine& engine() { return *engine_; }

  // Listens on a free port of the loopback address unless one is given.
  StreamPtr Listen(Status* status, const Address& address);
  StreamPtr Listen() { return Listen(nullptr, Loopback(0)); }
  StreamPtr Connect(const Address& peer, Status* status = nullptr, const Address* local = nullptr,
                    ConnectStage* failed = nullptr);
  // Null when the backend does not carry it; `status` then says why.
  StreamPtr Adopt(int64_t descriptor, int32_t flags, Status* status = nullptr);
  EndpointKind AdoptedKind() const { return static_cast<EndpointKind>(control_[kReplyKind]); }
  uint16_t PortOf(const StreamPtr& stream);
  static Address Loopback(uint16_t port, int32_t family = 4);

  // A connected pair. Both sides receive unless `receive` is false.
  struct Pair {
    StreamPtr client;
    StreamPtr server;
  };
  Pair Connected(const StreamPtr& listener, bool receive = true);

  void Submit(Operation operation, const Stream& stream, int32_t argument = 0);
  // Both return the bytes that the system took at once, or a status. Write goes through the slab,
  // at most 64 KiB, and keeps a copy of the rest; Send needs the memory until kSent or kClosed.
  int64_t Write(const Stream& stream, const std::string& bytes);
  int64_t Send(const Stream& stream, const std::string& bytes);
  // The same for spans that leave together.
  int64_t Send(const Stream& stream, const std::vector<Span>& spans);
  void Receive(const Stream& stream, ReceiveMode mode = ReceiveMode::kChunks) {
    Submit(Operation::kReceiveStart, stream, static_cast<int32_t>(mode));
  }
  void Close(const Stream& stream, CloseHow how = CloseHow::kGraceful) {
    engine_->Close(stream.index, stream.generation, how);
  }

  double Counted(Counter counter) const { return counters_[static_cast<size_t>(counter)]; }

  // One batch: submissions, events, completions.
  void Turn(int32_t timeout_ms);
  void Dispatch();
  // Turns until the condition holds; fails the test when that takes unreasonably long.
  void Until(const char* what, const std::function<bool()>& condition);
  // Turns a few times without waiting: what should not happen gets its chance.
  void Settle();
  // Closes everything that is open and waits until it is gone.
  void CloseAll();
  // The engine ends, whatever is going on.
  void End() { engine_.reset(); }

  // Called for every stream that a listener brings, before anything else of it is reported.
  std::function<void(const StreamPtr&)> on_accepted;
  // Called when bytes are announced, before any of them are taken.
  std::function<void(Stream&, size_t)> on_receivable;
  // Called for every chunk; the default keeps it in Stream::received.
  std::function<void(Stream&, const uint8_t*, size_t)> on_received;

 private:
  StreamPtr Known(int32_t index, int32_t generation);
  int64_t Written(const Stream& stream, size_t length, int64_t taken);
  void TakeAnnounced(const StreamPtr& stream, size_t waiting);

  std::vector<int32_t> control_;
  std::vector<double> counters_;
  std::vector<uint8_t> slab_;
  std::vector<uint8_t> arena_;
  std::map<int32_t, StreamPtr> streams_;
  std::unique_ptr<Engine> engine_;
};

// Bytes that show their place, so that a loss, a repetition or a swap shows.
std::string Pattern(size_t length, uint32_t seed = 0);

// Wine differs from Windows in ways that are none of ours.
bool UnderWine();

}  // namespace iocp_net::test

#endif  // IOCP_NET_TEST_NATIVE_HARNESS_H_

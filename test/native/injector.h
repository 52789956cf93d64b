// Faults of the real system, by a seed: which error strikes which call, and what the engine is to
// make of it. The calls themselves are replaced in the files named interpose.
#ifndef IOCP_NET_TEST_NATIVE_INJECTOR_H_
#define IOCP_NET_TEST_NATIVE_INJECTOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "port/engine.h"
#include "sim/random.h"

namespace iocp_net::test {

struct Stream;

// Who reports an error.
enum class Answer : uint8_t {
  kCall,           // the direct call that it struck, at once
  kConnected,      // Completion::kConnected
  kReceiveFailed,  // kReceiveFailed, or the receive that was called
  kSent,           // kSent, or the send that was called
  kShut,
  kAcceptFailed,
  kPool,     // the same, when no other accept of the listener is under way
  kRetried,  // nobody: the call is made again
  kNobody    // nobody: the engine does without what it asked for
};

struct FaultRow {
  std::string_view call;
  int64_t error;  // as the system gives it
  std::string_view name;
  Answer answer;
  Status status = kOk;  // as it is reported
  Status other = kOk;   // and as another operation that makes the same call reports it
};

// Every call that the backend makes, and the errors that it can have. What only a defect of the
// program could bring about (EBADF, EFAULT, ENOTSOCK of a descriptor that is a socket) is left out.
std::span<const FaultRow> FaultTable();
std::string_view NameOf(Answer answer);

struct Strike {
  size_t row;
  int64_t native;  // the descriptor or handle that the call was about, or a key; -1: none yet
};

// Names an endpoint also when its handle is gone, or was never there; less than any descriptor.
inline int64_t KeyOf(int32_t index, int32_t generation) {
  return -2 - ((int64_t{index} << 31) | generation);
}

// The same for a listener on a named pipe, which has no handle of its own; less than any of those.
constexpr int64_t kLastListenerKey = INT64_MIN + int64_t{UINT32_MAX};
inline int64_t ListenerKeyOf(std::string_view name) {
  return INT64_MIN + static_cast<uint32_t>(std::hash<std::string_view>{}(name));
}

struct Tally {
  uint64_t struck = 0;
  std::map<Status, uint64_t> reported;
};

class Injector {
 public:
  // Of 65536 calls, how many fail, come late, or move less than they could.
  struct Rates {
    uint32_t errors = 0;
    uint32_t late = 0;
    uint32_t cut = 0;
    // Windows: handles of which everything leaves a packet, pipes that have no instance free, and
    // sends that find no room.
    uint32_t packets = 0;
    uint32_t busy = 0;
    uint32_t full = 0;
  };

  explicit Injector(uint64_t seed);

  Rates rates;
  // Windows: sockets that are opened now are for connections to come, not for the running call.
  bool for_pool = true;
  // And those opened between the start of an engine and its last step only ask what there is.
  bool probing = false;

  // Null: the call is made. Of the errors that it can have, the one that has struck least often.
  const FaultRow* Strike(std::string_view call, int64_t native);
  // For how many waits an event is kept back; 0: it is reported at once.
  uint32_t Late();
  // How many of so many bytes are moved.
  size_t Cut(size_t bytes);
  bool Chance(uint32_t rate) { return random_.Chance(rate); }

  std::vector<test::Strike> TakeStrikes() { return std::exchange(strikes_, {}); }
  void Reported(size_t row, Status status) { tallies_[row].reported[status]++; }

  const std::vector<Tally>& tallies() const { return tallies_; }
  uint64_t struck() const { return struck_; }
  uint64_t late() const { return late_; }
  uint64_t cut() const { return cut_; }
  // Rows that have not struck, or whose report nobody has seen.
  std::vector<std::string> Missing() const;

 private:
  sim::Random random_;
  std::map<std::string_view, std::vector<size_t>> rows_;  // of each call
  std::vector<Tally> tallies_;
  std::vector<test::Strike> strikes_;
  uint64_t struck_ = 0;
  uint64_t late_ = 0;
  uint64_t cut_ = 0;
};

// While it lives, calls that this thread makes may fail. Not to be nested. `direct`: a call that is
// answered at once.
class Armed {
 public:
  explicit Armed(Injector& injector, bool direct = false);
  ~Armed();
  Armed(const Armed&) = delete;
  Armed& operator=(const Armed&) = delete;
};

// The injector of the calling thread's Armed; null without one.
Injector* ArmedInjector();

// ---- of the system's own file ----

// What a strike names an endpoint by.
int64_t NativeOf(Engine& engine, const Stream& stream);
// Descriptors of this process, or handles that the interposed calls have opened and not closed.
size_t OpenDescriptors();

}  // namespace iocp_net::test

#endif  // IOCP_NET_TEST_NATIVE_INJECTOR_H_

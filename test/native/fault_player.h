// A random program on the real engine and the real kernel, with load on several connections at a
// time, while faults strike; and what must hold all the same.
#ifndef IOCP_NET_TEST_NATIVE_FAULT_PLAYER_H_
#define IOCP_NET_TEST_NATIVE_FAULT_PLAYER_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness.h"
#include "injector.h"
#include "pattern.h"

namespace iocp_net::test {

struct FaultFigures {
  uint64_t steps = 0;
  uint64_t worlds = 0;
  uint64_t connections = 0;
  uint64_t bytes = 0;
};

class FaultPlayer {
 public:
  // One world: an engine and what is opened on it.
  FaultPlayer(Injector& injector, uint64_t seed);
  ~FaultPlayer();
  FaultPlayer(const FaultPlayer&) = delete;
  FaultPlayer& operator=(const FaultPlayer&) = delete;

  // Takes so many steps, lets everything flow without further faults, and looks whether everything
  // has arrived and nothing is left. Throws Violation.
  void Run(size_t steps, FaultFigures* figures);

 private:
  // A completion that has to report what struck.
  struct Owed {
    std::optional<size_t> row;
    bool seen = false;

    bool Unseen() const { return row.has_value() && !seen; }
  };

  // What the accepts of a listener need.
  struct Pool {
    std::vector<Status> may_fail;  // with these
    bool struck = false;           // since it was judged

    bool MayFail(Status status) const {
      return std::find(may_fail.begin(), may_fail.end(), status) != may_fail.end();
    }
  };
  static constexpr int64_t kSockets = -1;  // the pool of all of them

  struct End {
    StreamPtr stream;
    EndpointKind kind = EndpointKind::kTcp;
    Address address;  // of a listener
    bool listener = false;
    int accept_failures = 0;      // that were seen
    size_t accepted = 0;          // so far
    const End* target = nullptr;  // the listener that a client has asked
    bool may_find_nobody = false;

    uint64_t out = 0;  // the flows; 0: not known yet
    uint64_t in = 0;
    End* peer = nullptr;
    std::string head;  // of an accepted one: the bytes that name its flow
    uint64_t written = 0;
    uint64_t received = 0;
    bool broken = false;  // a send has failed: how many bytes arrive is not known
    bool shut_asked = false;
    bool gone = false;  // closed, or handed over
    CloseHow how = CloseHow::kGraceful;
    uint64_t unsent = 0;  // when it closed
    int sent_owed = 0;
    uint32_t turns_queued = 0;
    bool asked_itself = false;  // whether it has was looked at
    bool ended = false;         // seen
    bool failed = false;
    std::vector<std::unique_ptr<std::string>> lent;

    Owed connect;
    Owed receive;
    Owed send;
    Owed shut;

    bool Open() const {
      return !listener && !gone && stream->connected && stream->connect_status == kOk;
    }
    bool Over() const { return stream->Over(); }
    bool Sends() const { return Open() && out != 0 && !broken && !shut_asked; }
  };

  // fault_player.cc: the steps.
  void Step();
  void Turn();
  void Listen();
  void Connect();
  void Send();
  void Receive();
  void Shutdown();
  void Close(End& end, CloseHow how);
  void Ask();
  void RestartAccepts();
  void HandOver();
  void CheckSticky(End& end);
  Address FreshAddress();

  // fault_another.cc: another engine beside the first one.
  void OpenAnother();
  void AskAnother(Engine& other, const Address& peer);
  static bool HasIpv6();

  // fault_checks.cc: what must hold.
  template <typename Call>
  Status Direct(const char* what, Call call);
  std::optional<size_t> Note();
  void NoteStrike(const Strike& strike);
  void NoteInPool(const Strike& strike);
  static int64_t PoolOf(const Address& address);
  bool Report(Owed& owed, Status status);
  static std::string StruckOf(const Owed& owed);
  void Judge();
  void JudgeListener(End& end);
  void JudgeEnd(End& end);
  void JudgeOver(End& end);
  void JudgeTarget(End& end);
  void CheckTurns();
  void Take(Stream& stream, const uint8_t* bytes, size_t length);
  void Identify(End& end);

  // fault_end.cc: everything flows, and nothing is left.
  static bool Ends(const End& end);
  bool Arrived() const;
  bool Arrived(const End& end) const;
  std::string Waiting() const;
  void LetEverythingFlow();
  void CheckAtRest();
  void Finish();

  End& Add(const StreamPtr& stream, EndpointKind kind);
  End* Of(const Stream& stream);
  End* ByNative(int64_t native);
  template <typename Suits>
  End* Pick(Suits suits) {
    std::vector<End*> suitable;
    for (const auto& end : ends_) {
      if (suits(*end)) suitable.push_back(end.get());
    }
    return suitable.empty() ? nullptr : suitable[random_.Below(suitable.size())];
  }
  static bool WaitsInVain(const End& end);
  static bool EndsAsAWhole(const End& end);
  static bool Genuine(const End& end, Status status);
  static std::string FlowBytes(uint64_t flow, uint64_t at, size_t length);

  Injector& injector_;
  sim::Random random_;
  const size_t descriptors_;  // before the world
  std::unique_ptr<Harness> port_;
  std::vector<std::unique_ptr<End>> ends_;
  std::map<const Stream*, End*> by_stream_;
  std::vector<size_t> accepts_owed_;    // rows
  std::map<int64_t, Pool> pools_;       // by PoolOf
  int probes_struck_ = 0;               // each of them another address family
  std::vector<Status> probes_lasting_;  // of those: what asking again does not mend
  std::optional<size_t> connect_struck_;
  bool direct_struck_ = false;      // the last call of Direct
  std::vector<std::string> names_;  // of Unix sockets, in case their removal has failed
  bool calm_ = false;               // nothing strikes any more
  uint64_t connections_ = 0;
  uint64_t bytes_ = 0;
};

template <typename Call>
Status FaultPlayer::Direct(const char* what, Call call) {
  Status status = kOk;
  {
    const Armed armed(injector_, true);
    status = call();
  }
  const std::optional<size_t> struck = Note();
  direct_struck_ = struck.has_value();
  if (!direct_struck_) return status;
  const FaultRow& row = FaultTable()[*struck];
  if (status != row.status && (row.other == kOk || status != row.other)) {
    Fail(what, ": ", std::string(row.call), " has failed with ", std::string(row.name),
         ", and the answer is ", status);
  }
  injector_.Reported(*struck, status);
  return status;
}

}  // namespace iocp_net::test

#endif  // IOCP_NET_TEST_NATIVE_FAULT_PLAYER_H_

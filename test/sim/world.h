// A world: a kernel, an engine on it, a program that uses the engine as JavaScript does, and peers.
#ifndef IOCP_NET_TEST_SIM_WORLD_H_
#define IOCP_NET_TEST_SIM_WORLD_H_

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model.h"
#include "port/engine.h"
#include "program.h"
#include "sim/kernel.h"

namespace iocp_net::test {

struct Figures {
  uint64_t steps = 0;
  uint64_t worlds = 0;
  uint64_t completions = 0;
  uint64_t connections = 0;
  uint64_t bytes = 0;
  uint64_t faults = 0;
};

class World {
 public:
  explicit World(uint64_t seed);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Takes every step, and checks what must hold at the end. Throws Violation.
  void Run(const Program& program);
  void AddTo(Figures* figures) const;

 private:
  struct HandlerError {};
  struct Submitted {
    Operation operation;
    int32_t index;
    int32_t generation;
    int32_t argument;
  };

  // world.cc and deliver.cc: the boundary as JavaScript uses it.
  void OpenEngine();
  void Take(Step step, sim::Random& random);
  void Submit(Operation operation, int32_t index, int32_t generation, int32_t argument);
  void Flush();
  void Turn(sim::Random& random, bool whole);
  bool Dispatch(sim::Random& random, size_t limit);
  bool Drain(sim::Random& random, size_t limit);
  void Deliver(const int32_t* record, uint64_t sequence, sim::Random& random);
  void OnAccepted(Owner& owner, const int32_t* record);
  void OnConnected(Owner& owner, Status status);
  void OnReceived(Owner& owner, uint64_t sequence, int32_t offset, int32_t length);
  void OnReceivable(Owner& owner, uint64_t sequence, int32_t waiting, sim::Random& random);
  void OnOver(Owner& owner, bool ended);
  void OnSent(Owner& owner, uint64_t sequence, Status status);
  void OnShut(Owner& owner, Status status);
  void OnClosed(Owner& owner);
  void RunHandler(sim::Random& random);
  uint64_t Posted() const { return static_cast<uint64_t>(counters_[kCompletions]); }

  // steps.cc: the program's steps.
  void Listen(sim::Random& random);
  void Connect(sim::Random& random);
  void SendSlab(sim::Random& random);
  void Send(sim::Random& random);
  void SendBytes(Owner& owner, size_t length, size_t pieces, sim::Random& random);
  void AfterSend(Owner& owner, size_t length, int64_t sent, uint64_t posted,
                 std::unique_ptr<std::vector<uint8_t>> borrowed);
  void StartReceive(Owner& owner, ReceiveMode mode);
  void TakeAnnounced(Owner& owner, size_t calls_max);
  int64_t ReceiveInto(Owner& owner, size_t bytes_max);
  void Shutdown(Owner& owner);
  void Close(Owner& owner, CloseHow how);
  void Adopt(sim::Random& random);
  void Duplicate(sim::Random& random);
  void Ask(sim::Random& random);
  void Stale(sim::Random& random);
  void EndEngine();
  void NoteFailedSends();

  // peers.cc
  void PeerListen(sim::Random& random);
  void PeerConnect(sim::Random& random);
  void PeerAccept(Peer& listener);
  void PeerSend(Peer& peer, size_t length);
  void PeerReceive(Peer& peer, size_t bytes_max);
  void PeerShutdown(Peer& peer);
  void PeerClose(Peer& peer, bool reset);
  bool Ready(Peer& peer);
  void Fork(sim::Random& random);
  void Lose(sim::Random& random);
  void CloseDuplicate(size_t which);

  // checks.cc
  void Settle();
  void CheckAtRest();
  void CheckAtRest(const Owner& owner);
  void CheckTurns();
  void LetEverythingFlow();
  uint64_t Progress() const;
  void CheckFlows();
  void EndWorld(bool abruptly);

  Owner& AddOwner(int32_t index, int32_t generation);
  Owner* Find(int32_t index, int32_t generation);
  const sim::Socket* SocketOf(const Owner& owner);
  void Tie(Owner& owner);
  Flow* FlowOf(uint64_t id, const std::shared_ptr<sim::Link>& link);
  Peer& AddPeer(int fd, EndpointKind kind);
  Address AddressFor(sim::Random& random);
  size_t Length(sim::Random& random) const;

  // One of those that suit, chosen so that the others' presence hardly matters: a step that is left
  // out should not change what the later ones do.
  template <typename Items, typename Suits>
  auto* Pick(const Items& items, sim::Random& random, Suits suits) {
    const uint64_t salt = random.Next();
    typename Items::value_type::element_type* best = nullptr;
    uint64_t best_rank = 0;
    for (const auto& item : items) {
      if (!suits(*item)) continue;
      const uint64_t rank = sim::Random(salt ^ item->serial * 0x9e3779b97f4a7c15U).Next();
      if (best == nullptr || rank > best_rank) {
        best = item.get();
        best_rank = rank;
      }
    }
    return best;
  }

  sim::Kernel kernel_;
  // One world after the other uses them: fresh ones each time cost more than the world itself.
  std::vector<int32_t>& control_;
  std::vector<double>& counters_;
  std::vector<uint8_t>& slab_;
  std::vector<uint8_t>& arena_;
  std::vector<uint8_t>& scratch_;
  std::unique_ptr<Engine> engine_;
  std::vector<Submitted> submitted_;
  uint64_t delivered_ = 0;

  std::vector<std::unique_ptr<Owner>> owners_;
  std::vector<Owner*> by_index_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unordered_map<uint64_t, std::unique_ptr<Flow>> flows_;
  std::vector<int> duplicates_;
  std::vector<std::pair<int32_t, int32_t>> gone_;
  uint64_t next_serial_ = 1;
  uint64_t completions_ = 0;
  uint64_t steps_ = 0;

  size_t owners_max_ = 16;
  size_t length_max_ = 0;
  uint32_t handlers_ = 0;  // of 65536: a handler that does something
  uint32_t throws_ = 0;    // and one that throws
  uint32_t partial_ = 0;   // and a turn that leaves completions for the next one
  bool settling_ = false;
  int depth_ = 0;
  uint64_t turns_ = 0;
};

}  // namespace iocp_net::test

#endif  // IOCP_NET_TEST_SIM_WORLD_H_

// A kernel in memory: stream sockets over TCP and local names, descriptors, and edge-triggered
// readiness, with everything that a real one may do to a program and seldom does.
//
// The calls answer as Linux's do: a result, or a negative error number. Nothing depends on the
// machine or its clock: the same seed and the same calls give the same answers.
#ifndef IOCP_NET_SIM_KERNEL_H_
#define IOCP_NET_SIM_KERNEL_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "port/address.h"
#include "port/send_queue.h"
#include "port/status.h"
#include "sim/random.h"
#include "sim/socket.h"

namespace iocp_net::sim {

// What goes wrong, and how often: chances are of 65536. Without any of it the kernel is as quick
// and as well-behaved as a loopback device.
struct Faults {
  uint32_t errors = 0;       // an error at any call
  uint32_t losses = 0;       // a connection that fails in a transfer
  uint32_t would_block = 0;  // although there are bytes, or room
  uint32_t short_receive = 0;
  uint32_t short_send = 0;
  uint32_t late = 0;         // bytes, ends, resets and connections arrive later
  bool pieces = true;        // what arrives later comes in pieces
  uint32_t late_events = 0;  // reported by a later wait
  uint32_t spurious_events = 0;
  bool reordered_events = false;
  uint32_t busy_us = 0;  // at most, between two looks at the clock of a turn
  uint32_t send_bytes_max = 256 * 1024;
  uint32_t receive_bytes_max = 256 * 1024;
  int32_t descriptors_max = 1 << 20;  // of the process under test
};

inline constexpr Status kInProgress = -1'000'000;

struct ReadyEvent {
  uint64_t data;
  uint32_t events;  // Readiness
};

class Kernel {
 public:
  Kernel(uint64_t seed, const Faults& faults) : faults_(faults), random_(seed) {}
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  // The kernel that backends opened on this thread run on.
  static Kernel*& Current();

  // Calls of the process under test; those of its peers meet no faults and no limits.
  enum class Process : uint8_t { kTested, kPeer };
  void SetProcess(Process process) { process_ = process; }

  int Open(EndpointKind kind, int32_t family);
  struct BindHow {
    bool share_port = false;
    bool ipv6_only = false;
  };
  Status Bind(int fd, const Address& address, BindHow how);
  Status Listen(int fd, int32_t backlog);
  Status Connect(int fd, const Address& peer);
  int Accept(int fd);
  int64_t Receive(int fd, uint8_t* into, size_t bytes_max);
  int64_t Available(int fd);
  int64_t Send(int fd, Spans spans);
  Status Shutdown(int fd);
  Status SetOption(int fd);
  void ResetOnClose(int fd);
  void Close(int fd);
  int Duplicate(int fd);
  void Unlink(const std::string& path) { paths_.erase(path); }
  Status TakeError(int fd);
  Status LocalAddress(int fd, Address* address);
  Status PeerAddress(int fd, Address* address);

  // Sets of watched descriptors. A registration belongs to the open socket and lives on under a
  // duplicate after its descriptor has been closed (epoll(7), question 6).
  int OpenSet();
  void CloseSet(int set);
  Status Watch(int set, int fd, uint64_t data);
  Status WatchAgain(int set, int fd, uint64_t data);
  void Unwatch(int set, int fd);
  // -1 milliseconds: until there is an event; below 0 when there never will be one.
  int Wait(int set, ReadyEvent* events, int events_max, int32_t timeout_ms);
  uint32_t Poll(int fd) const;

  // What happens outside of the process under test.
  void Give(int fd, Process process) { descriptors_[static_cast<size_t>(fd)].process = process; }
  void Hold(int fd);  // a duplicate in another process, a child between fork and exec
  void LetGo(size_t which);
  size_t Held() const { return held_.size(); }
  void Lose(Socket& socket, Status status);  // the connection fails at this side, then at the other

  // For a test that knows more than the program. Null: no such descriptor, or socket.
  const Socket* Find(int fd) const;
  Socket* FindById(uint64_t id);
  bool Busy(int set) const;  // something is under way, or waits to be reported
  size_t Descriptors(Process process) const;
  size_t Sockets() const { return sockets_.size(); }
  // Registrations of a set whose descriptor has been closed, without another process that would
  // keep them.
  size_t StaleRegistrations(int set) const;
  Faults& faults() { return faults_; }
  // What is due for sockets that are gone; nothing would come of it but time.
  void ForgetGone();
  void Reseed(uint64_t seed) { random_ = Random(seed); }
  Random& random() { return random_; }
  uint64_t bad_descriptor_count() const { return bad_descriptor_count_; }
  uint64_t fault_count() const { return fault_count_; }
  uint64_t bytes_moved() const { return bytes_moved_; }
  uint64_t connection_count() const { return connection_count_; }

 private:
  enum class Happening : uint8_t { kArrive, kReset, kConnect, kTimeOut, kEdge };
  struct Due {
    uint64_t time;
    uint64_t order;
    Happening happening;
    uint64_t socket;
    bool operator>(const Due& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };
  struct Descriptor {
    uint64_t socket = 0;  // 0: free
    Process process = Process::kTested;
  };
  struct Set {
    bool open = false;
    std::vector<std::pair<uint64_t, int>> ready;  // socket and descriptor, in the order of edges
  };

  // Null: EBADF. A number of a closed descriptor is counted, too: in a real process it might
  // already be another socket's.
  Socket* Of(int fd);
  Socket* PeerOf(const Socket& socket) { return FindById(socket.peer_id); }
  bool Over(const Socket& socket);
  Socket& Create(EndpointKind kind, int32_t family);
  int Install(Socket& socket);
  void Release(uint64_t id);
  void Destroy(Socket& socket, bool accepted = true);
  bool Fails(uint32_t chance);
  // An error of a call that it may meet at any time, or kOk.
  Status Error(std::initializer_list<Status> possible);

  bool Taken(const Socket& socket, const Address& address);
  Socket* ListenerAt(const Address& address);
  Status TryConnect(Socket& socket);
  void Establish(Socket& listener, Socket& client);
  void AdmitWaiting(Socket& listener);
  void Refuse(Socket& socket, Status status);
  uint16_t FreePort();

  void Transmit(Socket& receiver);
  void Arrive(Socket& receiver, size_t bytes_max);
  void SendReset(Socket& receiver);
  void OnReset(Socket& socket, Status status);
  void GiveRoom(Socket& sender, const Socket& receiver);

  void Later(Happening happening, const Socket& socket);
  void Happen(const Due& due);
  void RunDue();
  void Raise(Socket& socket);
  void Mark(const Socket& socket, Registration& registration);
  uint32_t Readiness(const Socket& socket) const;
  uint32_t Look(Socket& socket);
  int Collect(Set& set, ReadyEvent* events, int events_max);

  Faults faults_;
  Random random_;
  Process process_ = Process::kTested;
  uint64_t now_ = 0;
  uint64_t order_ = 0;
  uint64_t next_id_ = 1;
  uint16_t next_port_ = 0;
  uint64_t bad_descriptor_count_ = 0;
  uint64_t fault_count_ = 0;
  uint64_t bytes_moved_ = 0;
  uint64_t connection_count_ = 0;
  std::unordered_map<uint64_t, std::unique_ptr<Socket>> sockets_;
  std::vector<Descriptor> descriptors_;
  std::vector<uint64_t> held_;
  std::vector<Set> sets_;
  std::map<std::pair<std::string, uint16_t>, std::vector<uint64_t>> bound_;
  std::map<std::string, uint64_t> paths_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

}  // namespace iocp_net::sim

#endif  // IOCP_NET_SIM_KERNEL_H_

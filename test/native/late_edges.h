// Linux: an epoll set whose edges may come late.
//
// A call that was kept from doing all it could (a cut receive, a "would block" that was none) has
// no edge to wait for, since for the kernel nothing has changed. So the registration is armed again
// some waits later, and the kernel reports what is there, as it would report what came late.
#ifndef IOCP_NET_TEST_NATIVE_LATE_EDGES_H_
#define IOCP_NET_TEST_NATIVE_LATE_EDGES_H_
#ifdef __linux__

#include <sys/epoll.h>

#include <cstdint>
#include <map>
#include <vector>

#include "injector.h"

namespace iocp_net::test {

class LateEdges {
 public:
  static LateEdges& Instance();

  void OnRegistered(int set, int fd, const epoll_event& event) { watched_[fd] = {set, event}; }
  // A descriptor that is not watched any more, or a set that is closed.
  void OnGone(int fd);
  bool Watches(int fd) const { return watched_.count(fd) > 0; }
  // Another edge is owed to this descriptor.
  void Owe(int fd, uint32_t waits) { owed_.push_back({fd, waits}); }
  // epoll_wait; without an injector nothing is kept back any more.
  int Wait(Injector* injector, int set, epoll_event* events, int events_max, int timeout_ms);

 private:
  struct Registration {
    int set;
    epoll_event event;
  };
  struct Owed {
    int fd;
    uint32_t waits;
  };
  struct Kept {
    int set;
    epoll_event event;
    uint32_t waits;
  };

  void PayOwed(bool all);
  int ReportKept(bool all, int set, epoll_event* events, int events_max);

  std::map<int, Registration> watched_;
  std::vector<Owed> owed_;
  std::vector<Kept> kept_;
};

}  // namespace iocp_net::test

#endif  // __linux__
#endif  // IOCP_NET_TEST_NATIVE_LATE_EDGES_H_

// Linux: the system calls of this program's port go through functions of its own, which fail when a
// test has asked for it. Nothing else in the process is touched: libraries keep libc's.
#ifndef IOCP_NET_TEST_NATIVE_INTERPOSE_EPOLL_H_
#define IOCP_NET_TEST_NATIVE_INTERPOSE_EPOLL_H_
#ifdef __linux__

#include <cerrno>

namespace iocp_net::test {

// A fault by script: the next calls fail with this error. Those by seed are in injector.h.
struct Fault {
  int error = 0;
  int count = 0;

  bool Strikes() {
    if (count == 0) return false;
    count--;
    errno = error;
    return true;
  }
};

extern Fault send_fault;
extern Fault accept_fault;
extern Fault accept_fault_after;  // strikes when the other one is used up

}  // namespace iocp_net::test

#endif  // __linux__
#endif  // IOCP_NET_TEST_NATIVE_INTERPOSE_EPOLL_H_

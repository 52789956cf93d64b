// Winsock itself: its start-up count, and what its providers can do.
#ifndef IOCP_NET_IOCP_WINSOCK_H_
#define IOCP_NET_IOCP_WINSOCK_H_

#include <winsock2.h>
//
#include <mswsock.h>

#include "iocp/handle.h"
#include "port/status.h"

namespace iocp_net {

// The process counts WSAStartup calls; every engine holds one.
class WinsockSession {
 public:
  WinsockSession() = default;
  WinsockSession(const WinsockSession&) = delete;
  WinsockSession& operator=(const WinsockSession&) = delete;
  ~WinsockSession() {
    if (started_) ::WSACleanup();
  }

  Status Start();

 private:
  bool started_ = false;
};

// What sockets of one address family can do here.
struct Provider {
  LPFN_ACCEPTEX accept_ex = nullptr;
  LPFN_CONNECTEX connect_ex = nullptr;
  // Handles of the file system itself, not of a layered provider in between: only with those may a
  // call that succeeds at once skip its packet.
  bool skip_on_success = false;

  bool Usable() const { return accept_ex != nullptr && connect_ex != nullptr; }

  // Fails where the machine does not have the family, and where it is short of something now.
  static Status Of(int family, Provider* provider);
};

// Overlapped, not inherited by child processes, and non-blocking for the calls that take no
// OVERLAPPED.
Status OpenSocket(int family, Socket* socket);

Status SetFlag(SOCKET socket, int level, int name, int value);

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_WINSOCK_H_

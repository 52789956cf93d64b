// Step 5: AcceptEx. A connection that is accepted before it is there.
#include "path.h"

namespace path {

namespace {

// What the addresses need, with the 16 bytes that AcceptEx wants beyond each.
constexpr DWORD kAddressBytes = sizeof(sockaddr_in) + 16;

DWORD PeerNameError(SOCKET socket) {
  sockaddr_in peer{};
  int length = sizeof(peer);
  return getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &length) == 0
             ? 0
             : static_cast<DWORD>(WSAGetLastError());
}

}  // namespace

SOCKET Accept(SOCKET listener, HANDLE port, SOCKET* client) {
  // [pointer]
  LPFN_ACCEPTEX accept_ex = nullptr;
  GUID id = WSAID_ACCEPTEX;
  DWORD bytes = 0;
  WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), &accept_ex,
           sizeof(accept_ex), &bytes, nullptr, nullptr);
  // [/pointer]
  Must("AcceptEx", accept_ex != nullptr);

  // [accept]
  const SOCKET accepted =
      WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
  CreateIoCompletionPort(reinterpret_cast<HANDLE>(accepted), port, 0, 0);
  OVERLAPPED operation{};
  char addresses[2 * kAddressBytes];
  const BOOL done =
      accept_ex(listener, accepted, addresses, 0, kAddressBytes, kAddressBytes, &bytes, &operation);
  Report("AcceptEx with nobody there", done ? 0 : static_cast<DWORD>(WSAGetLastError()));
  // [/accept]

  // [packet]
  *client = ConnectedTo(PortOf(listener));
  OVERLAPPED_ENTRY entries[8];
  ULONG count = 0;
  Must("GetQueuedCompletionStatusEx",
       GetQueuedCompletionStatusEx(port, entries, 8, &count, INFINITE, FALSE));
  Say("packets after a client has connected: %lu, and it is our AcceptEx: %s", count,
      entries[0].lpOverlapped == &operation ? "yes" : "no");
  // [/packet]

  // [before]
  Report("getpeername before SO_UPDATE_ACCEPT_CONTEXT", PeerNameError(accepted));
  // [/before]

  // [update]
  Must("SO_UPDATE_ACCEPT_CONTEXT",
       setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                  reinterpret_cast<const char*>(&listener), sizeof(listener)) == 0);
  Report("getpeername after it", PeerNameError(accepted));
  // [/update]
  return accepted;
}

}  // namespace path

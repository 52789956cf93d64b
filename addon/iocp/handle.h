// Handles and sockets with one owner.
#ifndef IOCP_NET_IOCP_HANDLE_H_
#define IOCP_NET_IOCP_HANDLE_H_

// winsock2.h before windows.h, which would otherwise bring in the first Winsock.
#include <winsock2.h>
//
#include <windows.h>

#include "port/owned.h"

namespace iocp_net {

// INVALID_SOCKET and INVALID_HANDLE_VALUE are the same bits, and a socket is a kernel handle; but
// each must be closed by its own call.
inline HANDLE AsHandle(SOCKET socket) { return reinterpret_cast<HANDLE>(socket); }
inline SOCKET AsSocket(HANDLE handle) { return reinterpret_cast<SOCKET>(handle); }

struct HandleTraits {
  using Type = HANDLE;
  static Type None() { return INVALID_HANDLE_VALUE; }
  // Some calls fail with null, others with INVALID_HANDLE_VALUE.
  static bool Valid(Type handle) { return handle != nullptr && handle != INVALID_HANDLE_VALUE; }
  static void Close(Type handle) { ::CloseHandle(handle); }
};
using Handle = Owned<HandleTraits>;

struct SocketTraits {
  using Type = SOCKET;
  static Type None() { return INVALID_SOCKET; }
  static bool Valid(Type socket) { return socket != INVALID_SOCKET; }
  static void Close(Type socket) { ::closesocket(socket); }
};
using Socket = Owned<SocketTraits>;

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_HANDLE_H_

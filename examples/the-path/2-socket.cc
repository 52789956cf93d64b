// Step 2: a socket that can have operations under way.
#include "path.h"

namespace path {

void OverlappedSocket() {
  // [without]
  // No flags: every call on it waits for its own end, and a completion port will not have it.
  const SOCKET waiting = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, 0);
  const HANDLE refused = CreateIoCompletionPort(reinterpret_cast<HANDLE>(waiting), nullptr, 0, 0);
  Report("a completion port for a socket without WSA_FLAG_OVERLAPPED",
         refused == nullptr ? GetLastError() : 0);
  // [/without]
  if (refused != nullptr) CloseHandle(refused);
  closesocket(waiting);

  // [with]
  const SOCKET overlapped =
      WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
  const HANDLE port = CreateIoCompletionPort(reinterpret_cast<HANDLE>(overlapped), nullptr, 0, 0);
  // [/with]
  Report("a completion port for one with it", port == nullptr ? GetLastError() : 0);
  Must("CreateIoCompletionPort", port != nullptr);
  closesocket(overlapped);
  CloseHandle(port);
}

}  // namespace path

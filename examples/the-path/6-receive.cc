// Step 6: waiting for bytes without giving the system memory to put them in.
#include <cstring>

#include "path.h"

namespace path {

void ReceiveNothing(SOCKET accepted, HANDLE port, SOCKET client) {
  // [wait]
  OVERLAPPED operation{};
  char nothing = 0;
  WSABUF empty{0, &nothing};
  DWORD flags = 0;
  const int result = WSARecv(accepted, &empty, 1, nullptr, &flags, &operation, nullptr);
  Report("a receive of zero bytes from a quiet peer",
         result == 0 ? 0 : static_cast<DWORD>(WSAGetLastError()));
  // [/wait]

  // [arrive]
  Must("send", send(client, "hello", 5, 0) == 5);
  OVERLAPPED_ENTRY entries[8];
  ULONG count = 0;
  Must("GetQueuedCompletionStatusEx",
       GetQueuedCompletionStatusEx(port, entries, 8, &count, INFINITE, FALSE));
  Say("its packet brings %lu bytes", entries[0].dwNumberOfBytesTransferred);

  char bytes[64];
  const int received = recv(accepted, bytes, sizeof(bytes), 0);
  Say("and %d wait to be received: %.*s", received, received, bytes);
  // [/arrive]
}

}  // namespace path

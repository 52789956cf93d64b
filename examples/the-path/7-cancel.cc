// Step 7: the end of an operation, and whose memory its OVERLAPPED is until then.
#include <cstring>

#include "path.h"

namespace path {

namespace {

// [operation]
// An operation is an OVERLAPPED with something to remember; the packet leads back to it.
struct Operation : OVERLAPPED {
  Operation() : OVERLAPPED{} {}
  bool in_flight = false;
};
// [/operation]

constexpr unsigned char kPoison = 0xDD;  // what allocators write over memory that was given back

// The status of an OVERLAPPED is the system's own; 0xC0000120 is "cancelled".
unsigned long StatusOf(const OVERLAPPED& operation) {
  return static_cast<unsigned long>(operation.Internal & 0xFFFFFFFF);
}

DWORD StartReceive(SOCKET socket, OVERLAPPED* operation) {
  static char buffer[16];
  WSABUF into{sizeof(buffer), buffer};
  DWORD flags = 0;
  return WSARecv(socket, &into, 1, nullptr, &flags, operation, nullptr) == 0
             ? 0
             : static_cast<DWORD>(WSAGetLastError());
}

}  // namespace

void Cancel(SOCKET accepted, HANDLE port) {
  const HANDLE handle = reinterpret_cast<HANDLE>(accepted);
  Report("CancelIoEx with nothing under way", CancelIoEx(handle, nullptr) ? 0 : GetLastError());

  // [cancel]
  Operation operation;
  int in_flight = 0;
  Report("a receive", StartReceive(accepted, &operation));
  operation.in_flight = true;
  in_flight++;
  Report("CancelIoEx", CancelIoEx(handle, &operation) ? 0 : GetLastError());
  Say("operations in flight after CancelIoEx: %d", in_flight);
  // [/cancel]

  // [packet]
  OVERLAPPED_ENTRY entry{};
  ULONG count = 0;
  Must("GetQueuedCompletionStatusEx",
       GetQueuedCompletionStatusEx(port, &entry, 1, &count, INFINITE, FALSE));
  auto* const ended = static_cast<Operation*>(entry.lpOverlapped);
  ended->in_flight = false;
  in_flight--;
  // [/packet]
  DWORD bytes = 0;
  DWORD flags = 0;
  const BOOL worked = WSAGetOverlappedResult(accepted, ended, &bytes, FALSE, &flags);
  Report("its packet says", worked ? 0 : static_cast<DWORD>(WSAGetLastError()));
  Say("operations in flight after its packet: %d", in_flight);

  // [early]
  // Given back too early, as far as we are concerned: the memory stays ours, but is poisoned as an
  // allocator's would be, so that we see who still writes to it.
  Operation careless;
  Report("another receive", StartReceive(accepted, &careless));
  std::memset(static_cast<OVERLAPPED*>(&careless), kPoison, sizeof(OVERLAPPED));
  CancelIoEx(handle, nullptr);
  Must("GetQueuedCompletionStatusEx",
       GetQueuedCompletionStatusEx(port, &entry, 1, &count, INFINITE, FALSE));
  Say("the packet leads to memory that was given back: %s",
      entry.lpOverlapped == &careless ? "yes" : "no");
  Say("and the system has written there: 0xdddddddd became 0x%08lx", StatusOf(careless));
  // [/early]
}

}  // namespace path

// Step 4: the completion port, and who belongs to it.
#include "path.h"

namespace path {

HANDLE CompletionPort(SOCKET listener) {
  // [create]
  const HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1);
  // [/create]
  Must("CreateIoCompletionPort", port != nullptr);

  // [associate]
  const HANDLE same = CreateIoCompletionPort(reinterpret_cast<HANDLE>(listener), port, 0, 0);
  Report("the listener joins the port", same == port ? 0 : GetLastError());
  // [/associate]

  // [other]
  const HANDLE other = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1);
  const HANDLE moved = CreateIoCompletionPort(reinterpret_cast<HANDLE>(listener), other, 0, 0);
  Report("the listener joins another one", moved == other ? 0 : GetLastError());
  // [/other]
  CloseHandle(other);

  // [empty]
  OVERLAPPED_ENTRY entries[8];
  ULONG count = 0;
  const BOOL some = GetQueuedCompletionStatusEx(port, entries, 8, &count, 0, FALSE);
  // [/empty]
  Say("packets before anything was started: %lu", some ? count : 0);
  return port;
}

}  // namespace path

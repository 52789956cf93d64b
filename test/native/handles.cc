// Windows: which handles are open, what for, and whose they are.
#ifdef _WIN32
#include <map>

#include "injector.h"
#include "interpose_iocp.h"
#include "iocp/operation.h"
#include "port/endpoint.h"

namespace iocp_net::test {

namespace {

struct Record {
  Role role = Role::kNone;
  int64_t owner = -1;     // its key
  int64_t listener = -1;  // of an instance that waits for a client
  bool opening = false;
  DWORD broken = 0;
};

// A lock of the system's own: the C++ library's may close handles itself, and comes here then.
SRWLOCK lock = SRWLOCK_INIT;

// Never destroyed: handles are closed until the program's very end.
std::map<HANDLE, Record>& Records() {
  static auto* const records = new std::map<HANDLE, Record>;
  return *records;
}

template <typename Visit>
auto Locked(Visit visit) {
  ::AcquireSRWLockExclusive(&lock);
  const auto result = visit(Records());
  ::ReleaseSRWLockExclusive(&lock);
  return result;
}

Record Find(HANDLE handle) {
  return Locked([handle](const std::map<HANDLE, Record>& records) {
    const auto found = records.find(handle);
    return found == records.end() ? Record{} : found->second;
  });
}

template <typename Change>
void Alter(HANDLE handle, Change change) {
  Locked([&](std::map<HANDLE, Record>& records) {
    const auto found = records.find(handle);
    if (found != records.end()) change(found->second);
    return 0;
  });
}

}  // namespace

void OnOpened(HANDLE handle, Role role) {
  Locked([&](std::map<HANDLE, Record>& records) {
    records[handle] = Record{.role = role, .opening = role == Role::kClientPipe};
    return 0;
  });
}

void OnClosed(HANDLE handle) {
  Locked([&](std::map<HANDLE, Record>& records) { return records.erase(handle); });
}

Role RoleOf(HANDLE handle) { return Find(handle).role; }

void OnOwned(HANDLE handle, const OVERLAPPED* operation) {
  const Endpoint& endpoint = *static_cast<const IoOperation*>(operation)->endpoint;
  const int64_t key = KeyOf(static_cast<int32_t>(endpoint.index), endpoint.generation);
  Alter(handle, [key](Record& record) { record.owner = key; });
}

int64_t StruckAs(HANDLE handle) {
  const Record record = Find(handle);
  if (record.owner != -1) return record.owner;
  return record.opening ? -1 : reinterpret_cast<int64_t>(handle);
}

void OnInstance(HANDLE handle, int64_t listener) {
  Alter(handle, [listener](Record& record) { record.listener = listener; });
}

int64_t ListenerOf(HANDLE handle) { return Find(handle).listener; }

void OnAdopted(HANDLE handle) {
  Alter(handle, [](Record& record) { record.opening = false; });
}

void Break(HANDLE handle, DWORD error) {
  Alter(handle, [error](Record& record) { record.broken = error; });
}

bool IsBroken(HANDLE handle) {
  const DWORD error = Find(handle).broken;
  if (error != 0) ::SetLastError(error);
  return error != 0;
}

size_t OpenDescriptors() {
  return Locked([](const std::map<HANDLE, Record>& records) { return records.size(); });
}

}  // namespace iocp_net::test
#endif  // _WIN32

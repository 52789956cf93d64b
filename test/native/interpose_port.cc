// The completion port's calls, and packets that come late or bring a failure that no call has made.
#ifdef _WIN32
#include <utility>
#include <vector>

#include "injector.h"
#include "interpose_iocp.h"
#include "iocp/native_endpoint.h"
#include "port/endpoint.h"

namespace iocp_net::test {

namespace {

struct Kept {
  HANDLE port;
  OVERLAPPED_ENTRY entry;
  uint32_t waits;
};
std::vector<Kept> kept;  // packets that come late

const char* AssociateCall(HANDLE handle) {
  if (handle == INVALID_HANDLE_VALUE) return "CreateIoCompletionPort";
  switch (RoleOf(handle)) {
    case Role::kClientPipe:
      return "CreateIoCompletionPort (a pipe)";
    case Role::kServerPipe:
    case Role::kAcceptSocket:
      return "CreateIoCompletionPort (for an accept)";
    case Role::kNone:
    case Role::kSocket:
      break;
  }
  return "CreateIoCompletionPort (a socket)";
}

HANDLE WINAPI Associate(HANDLE handle, HANDLE port, ULONG_PTR key, DWORD threads) {
  using Function = HANDLE(WINAPI*)(HANDLE, HANDLE, ULONG_PTR, DWORD);
  static const auto real = Real<Function>(L"kernel32.dll", "CreateIoCompletionPort");
  const int64_t native =
      RoleOf(handle) == Role::kServerPipe ? ListenerOf(handle) : StruckAs(handle);
  if (CallFailsFor(AssociateCall(handle), native)) return nullptr;
  return real(handle, port, key, threads);
}

BOOL WINAPI SetModes(HANDLE handle, UCHAR flags) {
  using Function = BOOL(WINAPI*)(HANDLE, UCHAR);
  static const auto real = Real<Function>(L"kernel32.dll", "SetFileCompletionNotificationModes");
  Injector* const injector = ArmedInjector();
  const bool fails = (injector != nullptr && injector->Chance(injector->rates.packets)) ||
                     CallFails("SetFileCompletionNotificationModes", handle);
  OnAdopted(handle);
  return fails ? FALSE : real(handle, flags);
}

BOOL WINAPI Cancel(HANDLE handle, LPOVERLAPPED operation) {
  using Function = BOOL(WINAPI*)(HANDLE, LPOVERLAPPED);
  static const auto real = Real<Function>(L"kernel32.dll", "CancelIoEx");
  return CallFails("CancelIoEx", handle) ? FALSE : real(handle, operation);
}

// Null: a packet that the program itself has posted; those bring no failures.
const char* PacketOf(const IoOperation& operation) {
  const NativeEndpoint& native = operation.endpoint->native;
  const bool pipe = operation.endpoint->kind == EndpointKind::kPipe;
  if (&operation == &native.receive) return pipe ? "packet of ReadFile" : "packet of WSARecv";
  if (&operation == native.sending.get()) return pipe ? "packet of WriteFile" : "packet of WSASend";
  if (&operation == native.connecting.get()) return pipe ? nullptr : "packet of ConnectEx";
  if (native.listener == nullptr) return nullptr;
  return pipe ? "packet of ConnectNamedPipe" : "packet of AcceptEx";
}

// What it has brought is lost with it.
void FailPacket(Injector& injector, OVERLAPPED_ENTRY& entry) {
  if (entry.lpOverlapped == nullptr) return;
  auto& operation = *static_cast<IoOperation*>(entry.lpOverlapped);
  if (static_cast<int32_t>(operation.Internal) < 0) return;  // it has failed by itself
  const char* const packet = PacketOf(operation);
  if (packet == nullptr) return;
  const Endpoint& endpoint = *operation.endpoint;
  const FaultRow* const row =
      injector.Strike(packet, KeyOf(static_cast<int32_t>(endpoint.index), endpoint.generation));
  if (row == nullptr) return;
  entry.Internal = operation.Internal = static_cast<uint32_t>(row->error);
  entry.dwNumberOfBytesTransferred = 0;
  operation.InternalHigh = 0;
}

// A pipe that was opened on another thread has its endpoint from here on.
void NoteOpened(const OVERLAPPED_ENTRY& entry) {
  if (entry.lpOverlapped == nullptr) return;
  const auto& operation = *static_cast<const IoOperation*>(entry.lpOverlapped);
  const NativeEndpoint& native = operation.endpoint->native;
  if (&operation != native.connecting.get() || native.pipe == nullptr) return;
  if (native.pipe->work != nullptr) OnOwned(native.pipe->work->opened.get(), &operation);
}

BOOL WINAPI Wait(HANDLE port, LPOVERLAPPED_ENTRY entries, ULONG entries_max, PULONG removed,
                 DWORD timeout_ms, BOOL alertable) {
  using Function = BOOL(WINAPI*)(HANDLE, LPOVERLAPPED_ENTRY, ULONG, PULONG, DWORD, BOOL);
  static const auto real = Real<Function>(L"kernel32.dll", "GetQueuedCompletionStatusEx");
  Injector* const injector = ArmedInjector();
  ULONG count = 0;
  std::erase_if(kept, [&](Kept& late) {
    if (late.port != port || count == entries_max) return false;
    if (injector != nullptr && --late.waits > 0) return false;
    entries[count++] = late.entry;
    return true;
  });
  ULONG fresh = 0;
  if (count < entries_max && !real(port, entries + count, entries_max - count, &fresh,
                                   count > 0 || !kept.empty() ? 0 : timeout_ms, alertable)) {
    if (count == 0) {
      *removed = 0;
      return FALSE;
    }
    fresh = 0;
  }
  const ULONG end = count + fresh;
  for (ULONG i = count; i < end; i++) {
    const uint32_t waits = injector == nullptr ? 0 : injector->Late();
    if (waits > 0) {
      kept.push_back({port, entries[i], waits});
    } else {
      entries[count++] = entries[i];
    }
  }
  for (ULONG i = 0; injector != nullptr && i < count; i++) {
    NoteOpened(entries[i]);
    FailPacket(*injector, entries[i]);
  }
  *removed = count;
  return TRUE;
}

}  // namespace

}  // namespace iocp_net::test

extern "C" {
IOCP_NET_IN_PLACE_OF(CreateIoCompletionPort, Associate);
IOCP_NET_IN_PLACE_OF(SetFileCompletionNotificationModes, SetModes);
IOCP_NET_IN_PLACE_OF(CancelIoEx, Cancel);
IOCP_NET_IN_PLACE_OF(GetQueuedCompletionStatusEx, Wait);
}
#endif  // _WIN32

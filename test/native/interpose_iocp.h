// Windows: this program's calls of Winsock, of the completion port and of named pipes go through
// functions of its own, which fail when a test has asked for it.
#ifndef IOCP_NET_TEST_NATIVE_INTERPOSE_IOCP_H_
#define IOCP_NET_TEST_NATIVE_INTERPOSE_IOCP_H_
#ifdef _WIN32

#include <winsock2.h>
//
#include <windows.h>

#include <cstdint>
#include <string_view>

namespace iocp_net::test {

template <typename Function>
Function Real(const wchar_t* library, const char* name) {
  const FARPROC found = ::GetProcAddress(::LoadLibraryW(library), name);
  return reinterpret_cast<Function>(reinterpret_cast<void*>(found));
}

// Whether the call fails; the thread's last error is then set.
bool CallFails(std::string_view call, SOCKET socket);
bool CallFails(std::string_view call, HANDLE handle);
// The same of a call that has no handle, or strikes another one's.
bool CallFailsFor(std::string_view call, int64_t native);
// How many of so many bytes a transfer moves.
size_t MovedOf(size_t bytes);

// ---- the handles that the interposed calls have opened and not closed ----

enum class Role : uint8_t { kNone, kSocket, kAcceptSocket, kClientPipe, kServerPipe };

void OnOpened(HANDLE handle, Role role);
void OnClosed(HANDLE handle);
Role RoleOf(HANDLE handle);
// From now on the handle goes by its endpoint, which the operation names: handles are used again.
void OnOwned(HANDLE handle, const OVERLAPPED* operation);
// What a strike names it by; -1: one that is being opened, and belongs to no endpoint before the
// last step of that.
int64_t StruckAs(HANDLE handle);
// An instance that waits for a client is its listener's, which a strike names by its pipe's name.
void OnInstance(HANDLE handle, int64_t listener);
int64_t ListenerOf(HANDLE handle);
void OnAdopted(HANDLE handle);

// An error that does not go away: of this handle every later look fails with it, too.
void Break(HANDLE handle, DWORD error);
// Whether it does; the thread's last error is then set.
bool IsBroken(HANDLE handle);

}  // namespace iocp_net::test

// What calls of this name are made through; with it here the import library's is not linked. In
// extern "C".
#define IOCP_NET_IN_PLACE_OF(name, function) \
  void* __imp_##name = reinterpret_cast<void*>(iocp_net::test::function)

#endif  // _WIN32
#endif  // IOCP_NET_TEST_NATIVE_INTERPOSE_IOCP_H_

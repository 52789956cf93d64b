// Windows: Winsock's calls of this program go through functions of its own, which fail when a test
// has asked for it.
#ifndef IOCP_NET_TEST_NATIVE_INTERPOSE_IOCP_H_
#define IOCP_NET_TEST_NATIVE_INTERPOSE_IOCP_H_
#ifdef _WIN32

#include <winsock2.h>
//
#include <windows.h>

#include <string_view>

namespace iocp_net::test {

template <typename Function>
Function Real(const wchar_t* library, const char* name) {
  const FARPROC found = ::GetProcAddress(::LoadLibraryW(library), name);
  return reinterpret_cast<Function>(reinterpret_cast<void*>(found));
}

// Whether the call fails; the thread's last error is then set.
bool CallFails(std::string_view call, SOCKET socket);
// How many of so many bytes a transfer moves.
size_t MovedOf(size_t bytes);

}  // namespace iocp_net::test

#endif  // _WIN32
#endif  // IOCP_NET_TEST_NATIVE_INTERPOSE_IOCP_H_

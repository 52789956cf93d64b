#ifdef _WIN32
#include "cut_receives.h"
//
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "interpose_iocp.h"

namespace {

using iocp_net::test::CallFails;
using iocp_net::test::MovedOf;
using iocp_net::test::Real;

std::atomic<size_t> receive_bytes_max{SIZE_MAX};

int WSAAPI CutRecv(SOCKET socket, char* into, int length, int flags) {
  using Recv = int(WSAAPI*)(SOCKET, char*, int, int);
  static const auto real = Real<Recv>(L"ws2_32.dll", "recv");
  if (CallFails("recv", socket)) return SOCKET_ERROR;
  const size_t wanted = std::min(MovedOf(static_cast<size_t>(length)), receive_bytes_max.load());
  return real(socket, into, static_cast<int>(wanted), flags);
}

int WSAAPI CutWsaRecv(SOCKET socket, LPWSABUF buffers, DWORD count, LPDWORD received, LPDWORD flags,
                      LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  using WsaRecv = int(WSAAPI*)(SOCKET, LPWSABUF, DWORD, LPDWORD, LPDWORD, LPWSAOVERLAPPED,
                               LPWSAOVERLAPPED_COMPLETION_ROUTINE);
  static const auto real = Real<WsaRecv>(L"ws2_32.dll", "WSARecv");
  if (CallFails("WSARecv", socket)) return SOCKET_ERROR;
  WSABUF cut = buffers[0];
  cut.len = static_cast<ULONG>(std::min<size_t>(MovedOf(cut.len), receive_bytes_max));
  return real(socket, &cut, count, received, flags, overlapped, routine);
}

}  // namespace

// What calls of the two names are made through; with these here the import library's are not
// linked.
extern "C" {
void* __imp_recv = reinterpret_cast<void*>(CutRecv);
void* __imp_WSARecv = reinterpret_cast<void*>(CutWsaRecv);
}

namespace iocp_net::test {

CutReceives::CutReceives(size_t bytes_max) { receive_bytes_max = bytes_max; }
CutReceives::~CutReceives() { receive_bytes_max = SIZE_MAX; }

}  // namespace iocp_net::test
#endif  // _WIN32

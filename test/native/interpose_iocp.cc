// Winsock's calls.
#ifdef _WIN32
#include "interpose_iocp.h"

#include <mstcpip.h>
#include <mswsock.h>
#include <ws2tcpip.h>

#include <algorithm>
#include <vector>

#include "harness.h"
#include "injector.h"
#include "iocp/handle.h"

namespace iocp_net::test {

bool CallFailsFor(std::string_view call, int64_t native) {
  Injector* const injector = ArmedInjector();
  const FaultRow* const row = injector == nullptr ? nullptr : injector->Strike(call, native);
  if (row == nullptr) return false;
  ::SetLastError(static_cast<DWORD>(row->error));
  return true;
}

bool CallFails(std::string_view call, SOCKET socket) {
  return CallFailsFor(call, static_cast<int64_t>(socket));
}

bool CallFails(std::string_view call, HANDLE handle) {
  return CallFailsFor(call, StruckAs(handle));
}

size_t MovedOf(size_t bytes) {
  Injector* const injector = ArmedInjector();
  return injector == nullptr ? bytes : injector->Cut(bytes);
}

int64_t NativeOf(Engine& engine, const Stream& stream) {
  const Endpoint* const endpoint = engine.Find(stream.index, stream.generation);
  return endpoint == nullptr ? -1 : reinterpret_cast<int64_t>(endpoint->native.handle);
}

namespace {

SOCKET WSAAPI OpenSocket(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group,
                         DWORD flags) {
  using Function = SOCKET(WSAAPI*)(int, int, int, LPWSAPROTOCOL_INFOW, GROUP, DWORD);
  static const auto real = Real<Function>(L"ws2_32.dll", "WSASocketW");
  const Injector* const injector = ArmedInjector();
  const bool for_pool = injector != nullptr && injector->for_pool;
  const bool probe = injector != nullptr && injector->probing;
  const char* const call = for_pool ? "WSASocketW (for an accept)" : "WSASocketW";
  if (CallFails(probe ? "WSASocketW (a probe)" : call, INVALID_SOCKET)) return INVALID_SOCKET;
  const SOCKET socket = real(family, type, protocol, info, group, flags);
  if (socket != INVALID_SOCKET) {
    OnOpened(AsHandle(socket), for_pool ? Role::kAcceptSocket : Role::kSocket);
  }
  return socket;
}

int WSAAPI Start(WORD version, LPWSADATA data) {
  using Function = int(WSAAPI*)(WORD, LPWSADATA);
  static const auto real = Real<Function>(L"ws2_32.dll", "WSAStartup");
  if (CallFails("WSAStartup", INVALID_SOCKET)) return ::WSAGetLastError();
  if (Injector* const injector = ArmedInjector(); injector != nullptr) injector->probing = true;
  return real(version, data);
}

int WSAAPI GetOption(SOCKET socket, int level, int name, char* value, int* length) {
  using Function = int(WSAAPI*)(SOCKET, int, int, char*, int*);
  static const auto real = Real<Function>(L"ws2_32.dll", "getsockopt");
  if (CallFails("getsockopt (SO_PROTOCOL_INFOW)", socket)) return SOCKET_ERROR;
  return real(socket, level, name, value, length);
}

int WSAAPI CloseSocket(SOCKET socket) {
  using Function = int(WSAAPI*)(SOCKET);
  static const auto real = Real<Function>(L"ws2_32.dll", "closesocket");
  OnClosed(AsHandle(socket));  // before, because another thread may get its number
  return real(socket);
}

bool IsAny(const sockaddr* address) {
  if (address->sa_family == AF_INET6) {
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr) != 0;
  }
  return reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr == INADDR_ANY;
}

int WSAAPI Bind(SOCKET socket, const sockaddr* address, int length) {
  using Function = int(WSAAPI*)(SOCKET, const sockaddr*, int);
  static const auto real = Real<Function>(L"ws2_32.dll", "bind");
  // Of a connection that names no local address: an address that is taken then fails it later.
  const bool any = IsAny(address);
  if (CallFails(any ? "bind (to any address)" : "bind", socket)) return SOCKET_ERROR;
  return real(socket, address, length);
}

int WSAAPI Listen(SOCKET socket, int backlog) {
  using Function = int(WSAAPI*)(SOCKET, int);
  static const auto real = Real<Function>(L"ws2_32.dll", "listen");
  if (CallFails("listen", socket)) return SOCKET_ERROR;
  if (Injector* const injector = ArmedInjector(); injector != nullptr) injector->for_pool = true;
  return real(socket, backlog);
}

int WSAAPI Shutdown(SOCKET socket, int how) {
  using Function = int(WSAAPI*)(SOCKET, int);
  static const auto real = Real<Function>(L"ws2_32.dll", "shutdown");
  return CallFails("shutdown", socket) ? SOCKET_ERROR : real(socket, how);
}

const char* OptionCall(int level, int name) {
  constexpr int kReuseUnicastPort = 0x3007;
  constexpr int kKeepAliveTimes[] = {3, 16, 17};  // another call serves in their place
  if (level == SOL_SOCKET && name == SO_UPDATE_CONNECT_CONTEXT) {
    return "setsockopt (SO_UPDATE_CONNECT_CONTEXT)";
  }
  if (level == SOL_SOCKET && name == SO_UPDATE_ACCEPT_CONTEXT) {
    return "setsockopt (SO_UPDATE_ACCEPT_CONTEXT)";
  }
  const bool dispensable =
      (level == IPPROTO_IPV6 && name == IPV6_V6ONLY) ||
      (level == SOL_SOCKET && (name == kReuseUnicastPort || name == SO_LINGER)) ||
      (level == IPPROTO_TCP && std::find(std::begin(kKeepAliveTimes), std::end(kKeepAliveTimes),
                                         name) != std::end(kKeepAliveTimes));
  return dispensable ? "setsockopt (without which it goes on)" : "setsockopt";
}

int WSAAPI SetOption(SOCKET socket, int level, int name, const char* value, int length) {
  using Function = int(WSAAPI*)(SOCKET, int, int, const char*, int);
  static const auto real = Real<Function>(L"ws2_32.dll", "setsockopt");
  if (CallFails(OptionCall(level, name), socket)) return SOCKET_ERROR;
  return real(socket, level, name, value, length);
}

using GetName = int(WSAAPI*)(SOCKET, sockaddr*, int*);

int WSAAPI GetLocal(SOCKET socket, sockaddr* address, int* length) {
  static const auto real = Real<GetName>(L"ws2_32.dll", "getsockname");
  return CallFails("getsockname", socket) ? SOCKET_ERROR : real(socket, address, length);
}

int WSAAPI GetPeer(SOCKET socket, sockaddr* address, int* length) {
  static const auto real = Real<GetName>(L"ws2_32.dll", "getpeername");
  return CallFails("getpeername", socket) ? SOCKET_ERROR : real(socket, address, length);
}

int WSAAPI Control(SOCKET socket, long command, u_long* argument) {
  using Function = int(WSAAPI*)(SOCKET, long, u_long*);
  static const auto real = Real<Function>(L"ws2_32.dll", "ioctlsocket");
  const bool for_accept = RoleOf(AsHandle(socket)) == Role::kAcceptSocket;
  const char* call = for_accept ? "ioctlsocket (FIONBIO, for an accept)" : "ioctlsocket (FIONBIO)";
  if (command == static_cast<long>(FIONREAD)) call = "ioctlsocket (FIONREAD)";
  if (CallFails(call, socket)) return SOCKET_ERROR;
  return real(socket, command, argument);
}

int WSAAPI Send(SOCKET socket, LPWSABUF buffers, DWORD count, LPDWORD sent, DWORD flags,
                LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  using Function = int(WSAAPI*)(SOCKET, LPWSABUF, DWORD, LPDWORD, DWORD, LPWSAOVERLAPPED,
                                LPWSAOVERLAPPED_COMPLETION_ROUTINE);
  static const auto real = Real<Function>(L"ws2_32.dll", "WSASend");
  const bool waits = overlapped != nullptr;
  if (CallFails(waits ? "WSASend (overlapped)" : "WSASend (at once)", socket)) return SOCKET_ERROR;
  Injector* const injector = ArmedInjector();
  if (!waits && injector != nullptr && injector->Chance(injector->rates.full)) {
    ::WSASetLastError(WSAEWOULDBLOCK);
    return SOCKET_ERROR;
  }
  std::vector<WSABUF> cut(buffers, buffers + count);
  size_t total = 0;
  for (const WSABUF& buffer : cut) total += buffer.len;
  size_t left = MovedOf(total);
  for (WSABUF& buffer : cut) {
    buffer.len = static_cast<ULONG>(std::min<size_t>(buffer.len, left));
    left -= buffer.len;
  }
  return real(socket, cut.data(), count, sent, flags, overlapped, routine);
}

LPFN_ACCEPTEX real_accept_ex = nullptr;
LPFN_CONNECTEX real_connect_ex = nullptr;

BOOL PASCAL AcceptOne(SOCKET socket, SOCKET fresh, PVOID output, DWORD bytes, DWORD local,
                      DWORD remote, LPDWORD received, LPOVERLAPPED overlapped) {
  if (CallFails("AcceptEx", socket)) return FALSE;
  return real_accept_ex(socket, fresh, output, bytes, local, remote, received, overlapped);
}

BOOL PASCAL ConnectOne(SOCKET socket, const sockaddr* address, int length, PVOID buffer, DWORD size,
                       LPDWORD sent, LPOVERLAPPED overlapped) {
  if (CallFails("ConnectEx", socket)) return FALSE;
  return real_connect_ex(socket, address, length, buffer, size, sent, overlapped);
}

int WSAAPI Ioctl(SOCKET socket, DWORD code, LPVOID in, DWORD in_size, LPVOID out, DWORD out_size,
                 LPDWORD bytes, LPWSAOVERLAPPED overlapped,
                 LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  using Function = int(WSAAPI*)(SOCKET, DWORD, LPVOID, DWORD, LPVOID, DWORD, LPDWORD,
                                LPWSAOVERLAPPED, LPWSAOVERLAPPED_COMPLETION_ROUTINE);
  static const auto real = Real<Function>(L"ws2_32.dll", "WSAIoctl");
  const bool extension = code == SIO_GET_EXTENSION_FUNCTION_POINTER;
  const char* call = "WSAIoctl (without which it goes on)";
  if (extension) call = "WSAIoctl (an extension)";
  if (code == SIO_KEEPALIVE_VALS) call = "WSAIoctl (SIO_KEEPALIVE_VALS)";
  if (CallFails(call, socket)) return SOCKET_ERROR;
  const int result = real(socket, code, in, in_size, out, out_size, bytes, overlapped, routine);
  if (result != 0 || !extension) return result;
  GUID accept_id = WSAID_ACCEPTEX;
  GUID connect_id = WSAID_CONNECTEX;
  if (IsEqualGUID(*static_cast<GUID*>(in), accept_id)) {
    real_accept_ex = std::exchange(*static_cast<LPFN_ACCEPTEX*>(out), AcceptOne);
  } else if (IsEqualGUID(*static_cast<GUID*>(in), connect_id)) {
    real_connect_ex = std::exchange(*static_cast<LPFN_CONNECTEX*>(out), ConnectOne);
  }
  return result;
}

}  // namespace

}  // namespace iocp_net::test

extern "C" {
IOCP_NET_IN_PLACE_OF(WSASocketW, OpenSocket);
IOCP_NET_IN_PLACE_OF(WSAStartup, Start);
IOCP_NET_IN_PLACE_OF(getsockopt, GetOption);
IOCP_NET_IN_PLACE_OF(closesocket, CloseSocket);
IOCP_NET_IN_PLACE_OF(bind, Bind);
IOCP_NET_IN_PLACE_OF(listen, Listen);
IOCP_NET_IN_PLACE_OF(shutdown, Shutdown);
IOCP_NET_IN_PLACE_OF(setsockopt, SetOption);
IOCP_NET_IN_PLACE_OF(getsockname, GetLocal);
IOCP_NET_IN_PLACE_OF(getpeername, GetPeer);
IOCP_NET_IN_PLACE_OF(ioctlsocket, Control);
IOCP_NET_IN_PLACE_OF(WSASend, Send);
IOCP_NET_IN_PLACE_OF(WSAIoctl, Ioctl);
}
#endif  // _WIN32

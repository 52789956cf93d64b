// TCP: options and addresses of a socket.
#include "iocp/address.h"
#include "iocp/errors.h"
#include "iocp/tcp.h"
//
#include <mstcpip.h>

namespace iocp_net {

namespace {

// Of IPPROTO_TCP, in seconds, since Windows 10 1709; mingw-w64's headers have none of them.
constexpr int kKeepIdle = 3;
constexpr int kKeepCount = 16;
constexpr int kKeepInterval = 17;
constexpr int kTrafficClass = 39;  // IPV6_TCLASS

Status SetKeepAlive(SOCKET socket, int32_t on, int32_t idle_s, int32_t interval_s, int32_t count) {
  if (Status status = SetFlag(socket, SOL_SOCKET, SO_KEEPALIVE, on); status != kOk) return status;
  if (on == 0) return kOk;
  if (idle_s < 1) return UV__EINVAL;  // as libuv: on, with the system's times
  interval_s = interval_s > 0 ? interval_s : 1;
  count = count > 0 ? count : 10;
  Status status = SetFlag(socket, IPPROTO_TCP, kKeepIdle, idle_s);
  if (status == kOk) status = SetFlag(socket, IPPROTO_TCP, kKeepInterval, interval_s);
  if (status == kOk) status = SetFlag(socket, IPPROTO_TCP, kKeepCount, count);
  if (status == kOk) return kOk;
  // An older system: milliseconds, and always ten probes.
  tcp_keepalive times{};
  times.onoff = 1;
  times.keepalivetime = static_cast<ULONG>(idle_s) * 1000;
  times.keepaliveinterval = static_cast<ULONG>(interval_s) * 1000;
  DWORD bytes = 0;
  return ::WSAIoctl(socket, SIO_KEEPALIVE_VALS, &times, sizeof(times), nullptr, 0, &bytes, nullptr,
                    nullptr) == 0
             ? kOk
             : LastSocketError();
}

using GetName = int(WSAAPI*)(SOCKET, sockaddr*, int*);

Status NameOf(GetName get, SOCKET socket, Address* address) {
  SystemAddress system;
  system.length = sizeof(system.storage);
  if (get(socket, &system.base, &system.length) != 0) return LastSocketError();
  FromSystem(system, address);
  return kOk;
}

}  // namespace

Status Tcp::SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t c,
                      int32_t d) {
  const SOCKET socket = AsSocket(endpoint.native.handle);
  switch (option) {
    case Option::kNoDelay:
      return SetFlag(socket, IPPROTO_TCP, TCP_NODELAY, a);
    case Option::kKeepAlive:
      return SetKeepAlive(socket, a, b, c, d);
    case Option::kSendBufferBytes:
      return SetFlag(socket, SOL_SOCKET, SO_SNDBUF, a);
    case Option::kReceiveBufferBytes:
      return SetFlag(socket, SOL_SOCKET, SO_RCVBUF, a);
    case Option::kTypeOfService: {
      SystemAddress local;
      local.length = sizeof(local.storage);
      if (::getsockname(socket, &local.base, &local.length) != 0) return LastSocketError();
      return local.family() == AF_INET6 ? SetFlag(socket, IPPROTO_IPV6, kTrafficClass, a)
                                        : SetFlag(socket, IPPROTO_IP, IP_TOS, a);
    }
    case Option::kPipeMode:
      break;
  }
  return UV__EINVAL;
}

Status Tcp::LocalAddress(Endpoint& endpoint, Address* address) {
  return NameOf(::getsockname, AsSocket(endpoint.native.handle), address);
}

Status Tcp::PeerAddress(Endpoint& endpoint, Address* address) {
  return NameOf(::getpeername, AsSocket(endpoint.native.handle), address);
}

}  // namespace iocp_net

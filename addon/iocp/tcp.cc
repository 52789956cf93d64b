// TCP: the life of a socket. Its options are in tcp_options.cc.
#include "iocp/tcp.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "iocp/address.h"
#include "iocp/errors.h"
#include "iocp/tcp_listener.h"
#include "port/engine.h"
//
#include <mstcpip.h>

// Of ntdll.dll; the headers for programs leave it out.
extern "C" LONG NTAPI RtlGetVersion(RTL_OSVERSIONINFOW* version);

namespace iocp_net {

namespace {

// Of a send that does not wait. A socket with any room takes the whole of one call, and with the
// same bytes in two calls would refuse the second: so they go in one, as libuv's do.
constexpr size_t kTrySendBytesMax = INT32_MAX;

constexpr int kReuseUnicastPort = 0x3007;  // SO_REUSE_UNICASTPORT, since Windows 10

// SO_REUSEADDR is never set: here it lets another process take the port away.
Status Bind(SOCKET socket, const SystemAddress& address, int32_t flags) {
  if (address.family() == AF_INET6) {
    // May fail where there is no IPv4, and then makes no difference.
    static_cast<void>(SetFlag(socket, IPPROTO_IPV6, IPV6_V6ONLY, (flags & kIpv6Only) != 0 ? 1 : 0));
  }
  return ::bind(socket, &address.base, address.length) == 0 ? kOk : LastSocketError();
}

// The value that RefuseAtOnce sets means something else to systems before Windows 10 1709.
bool KnowsNoRetransmissions() {
  RTL_OSVERSIONINFOW version{};
  version.dwOSVersionInfoSize = sizeof(version);
  return ::RtlGetVersion(&version) == 0 &&
         (version.dwMajorVersion > 10 ||
          (version.dwMajorVersion == 10 && version.dwBuildNumber >= 16299));
}

// A refused connection on this machine otherwise takes two seconds of repeated attempts.
void RefuseAtOnce(SOCKET socket) {
  static const bool known = KnowsNoRetransmissions();
  if (!known) return;
  TCP_INITIAL_RTO_PARAMETERS parameters{};
  parameters.Rtt = TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS;
  parameters.MaxSynRetransmissions = TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS;
  DWORD bytes = 0;
  ::WSAIoctl(socket, SIO_TCP_INITIAL_RTO, &parameters, sizeof(parameters), nullptr, 0, &bytes,
             nullptr, nullptr);
}

// Short of something at the moment: who needs the provider asks again.
bool IsPassing(Status status) {
  return status == UV__EMFILE || status == UV__ENOBUFS || status == UV__ENOMEM;
}

DWORD ToBuffers(Spans spans, size_t bytes_max, WSABUF* buffers) {
  size_t total = 0;
  DWORD used = 0;
  while (used < spans.size() && total < bytes_max) {
    const Span& span = spans[used];
    const size_t length = std::min(span.size(), bytes_max - total);
    buffers[used++] = {static_cast<ULONG>(length),
                       reinterpret_cast<char*>(const_cast<uint8_t*>(span.data()))};
    total += length;
    if (length < span.size()) break;
  }
  return used;
}

}  // namespace

Status Tcp::Open() {
  if (const Status status = winsock_.Start(); status != kOk) return status;
  const Status v4 = Provider::Of(AF_INET, &v4_);
  const Status v6 = Provider::Of(AF_INET6, &v6_);
  return v6 == kOk || IsPassing(v6) || IsPassing(v4) ? kOk : v4;
}

Status Tcp::FindProvider(int family, const Provider** provider) {
  Provider& found = family == AF_INET6 ? v6_ : v4_;
  *provider = &found;
  return found.Usable() ? kOk : Provider::Of(family, &found);
}

Status Tcp::Adopt(Endpoint& endpoint, Socket socket, const Provider& provider) {
  bool skip = provider.skip_on_success;
  const Status status = queue_.Associate(AsHandle(socket.get()), &skip);
  if (status != kOk) return status;
  endpoint.native.skip_on_success = skip;
  endpoint.native.handle = AsHandle(socket.Release());
  return kOk;
}

Status Tcp::Listen(Endpoint& endpoint, const Address& address, int32_t backlog, int32_t flags) {
  // Windows has no SO_REUSEPORT, and libuv says so too.
  if ((flags & kReusePort) != 0) return UV__ENOTSUP;
  SystemAddress system;
  if (Status status = ToSystem(address, &system); status != kOk) return status;
  Socket socket;
  if (Status status = OpenSocket(system.family(), &socket); status != kOk) return status;
  const Provider* provider = nullptr;
  if (Status status = FindProvider(system.family(), &provider); status != kOk) return status;
  if (Status status = Bind(socket.get(), system, flags); status != kOk) return status;
  if (::listen(socket.get(), backlog) != 0) return LastSocketError();
  if (Status status = Adopt(endpoint, std::move(socket), *provider); status != kOk) return status;
  NativeEndpoint& native = endpoint.native;
  native.listener = std::make_unique<TcpListener>(queue_, *provider, system.family());
  const Status status = native.listener->Start(endpoint, TcpListener::kPoolSize);
  if (status != kOk) {
    Socket(AsSocket(std::exchange(native.handle, INVALID_HANDLE_VALUE))).Close();
    return status;
  }
  if (native.listener->Acceptable(endpoint)) engine_.OnAcceptable(endpoint);
  return kOk;
}

Status Tcp::Connect(Endpoint& endpoint, const Address& peer, const Address* local,
                    ConnectStage* failed) {
  *failed = ConnectStage::kConnect;
  SystemAddress remote;
  if (Status status = ToSystem(peer, &remote); status != kOk) return status;
  remote.UnspecifiedToLoopback();
  const int family = remote.family();
  Socket socket;
  if (Status status = OpenSocket(family, &socket); status != kOk) return status;
  const Provider* provider = nullptr;
  if (Status status = FindProvider(family, &provider); status != kOk) return status;

  // ConnectEx wants a bound socket. An ephemeral port may serve several peers, as it does when
  // connect() chooses it; without this, connections are limited to the number of ports.
  SystemAddress from = SystemAddress::Any(family);
  if (local != nullptr) {
    *failed = ConnectStage::kBind;
    if (Status status = ToSystem(*local, &from); status != kOk) return status;
  } else {
    static_cast<void>(SetFlag(socket.get(), SOL_SOCKET, kReuseUnicastPort, 1));
  }
  const Status bound = Bind(socket.get(), from, 0);
  // A local port that is taken is an error of the bind, as in node:net. Without one, libuv makes it
  // a failure of the connection, not of the call.
  if (bound != kOk && (bound != UV__EADDRINUSE || local != nullptr)) return bound;
  *failed = ConnectStage::kConnect;

  if (remote.IsLoopback()) RefuseAtOnce(socket.get());
  if (Status status = Adopt(endpoint, std::move(socket), *provider); status != kOk) return status;
  NativeEndpoint& native = endpoint.native;
  native.connecting = std::make_unique<ConnectOperation>();
  ConnectOperation& connect = *native.connecting;
  queue_.Begin(endpoint, connect);
  if (bound != kOk) {
    queue_.Decide(connect, bound);
    return kOk;
  }
  DWORD bytes = 0;
  if (provider->connect_ex(AsSocket(native.handle), &remote.base, remote.length, nullptr, 0, &bytes,
                           &connect)) {
    if (native.skip_on_success) queue_.Decide(connect, kOk);
    return kOk;
  }
  const int error = ::WSAGetLastError();
  if (error == WSA_IO_PENDING) return kOk;
  queue_.End(connect);
  native.connecting.reset();
  Socket(AsSocket(std::exchange(native.handle, INVALID_HANDLE_VALUE))).Close();
  return FromSystemError(static_cast<uint32_t>(error));
}

void Tcp::OnConnected(Endpoint& endpoint, Status status) {
  NativeEndpoint& native = endpoint.native;
  // Without this the socket knows neither its addresses nor shutdown().
  if (status == kOk && ::setsockopt(AsSocket(native.handle), SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT,
                                    nullptr, 0) != 0) {
    status = LastSocketError();
  }
  engine_.OnConnected(endpoint, status);
}

uint32_t Tcp::StartReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max, size_t* bytes) {
  WSABUF buffer{static_cast<ULONG>(bytes_max), reinterpret_cast<char*>(into)};
  DWORD received = 0;
  DWORD flags = 0;
  NativeEndpoint& native = endpoint.native;
  if (::WSARecv(AsSocket(native.handle), &buffer, 1, &received, &flags, &native.receive, nullptr) !=
      0) {
    return static_cast<uint32_t>(::WSAGetLastError());
  }
  *bytes = received;
  return 0;
}

size_t Tcp::TryAvailable(Endpoint& endpoint) {
  u_long bytes = 0;
  return ::ioctlsocket(AsSocket(endpoint.native.handle), FIONREAD, &bytes) == 0 ? bytes : 0;
}

uint32_t Tcp::TryReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max, size_t* bytes) {
  const int received = ::recv(AsSocket(endpoint.native.handle), reinterpret_cast<char*>(into),
                              static_cast<int>(std::min<size_t>(bytes_max, INT32_MAX)), 0);
  if (received < 0) return static_cast<uint32_t>(::WSAGetLastError());
  *bytes = static_cast<size_t>(received);
  return 0;
}

Transfer Tcp::Send(Endpoint& endpoint, Spans spans) {
  WSABUF buffers[kSpansMax];
  const DWORD used =
      ToBuffers(spans.first(std::min(spans.size(), kSpansMax)), kTrySendBytesMax, buffers);
  DWORD sent = 0;
  if (::WSASend(AsSocket(endpoint.native.handle), buffers, used, &sent, 0, nullptr, nullptr) == 0) {
    return Transfer::Moved(sent);
  }
  const int error = ::WSAGetLastError();
  // Short of memory now; the overlapped send that follows waits for some or fails for good.
  if (error == WSAEWOULDBLOCK || error == WSAENOBUFS) return Transfer::WouldBlock();
  return Transfer::Failed(FromSystemError(static_cast<uint32_t>(error), During::kSend));
}

uint32_t Tcp::StartSend(Endpoint& endpoint, SendOperation& operation, Spans spans, size_t* bytes) {
  WSABUF buffers[kSpansMax];
  const DWORD used = ToBuffers(spans, kSendBytesMax, buffers);
  DWORD sent = 0;
  if (::WSASend(AsSocket(endpoint.native.handle), buffers, used, &sent, 0, &operation, nullptr) !=
      0) {
    return static_cast<uint32_t>(::WSAGetLastError());
  }
  *bytes = sent;
  return 0;
}

Status Tcp::Shutdown(Endpoint& endpoint) {
  // Of the sending direction: EAGAIN would say that it is under way, and nobody would report more.
  if (::shutdown(AsSocket(endpoint.native.handle), SD_SEND) != 0) {
    return LastSocketError(During::kSend);
  }
  endpoint.native.shut = true;
  return kOk;
}

void Tcp::BeginClose(Endpoint& endpoint, CloseHow how) {
  NativeEndpoint& native = endpoint.native;
  if (native.listener != nullptr) {
    native.listener->Close(endpoint);
    return;
  }
  const SOCKET socket = AsSocket(native.handle);
  bool at_once = native.connecting != nullptr;
  if (how == CloseHow::kReset) {
    const linger reset{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&reset),
                 sizeof(reset));
    at_once = true;
  }
  if (native.in_flight > 0) {
    // Closing a socket with a receive in flight sends a reset and loses what is on its way to the
    // peer (libuv#3034): our end goes out first, and the socket is closed when the receive is back.
    if (!at_once && native.receive.in_flight && native.sending == nullptr && !native.shut) {
      ::shutdown(socket, SD_SEND);
    }
    // Before closesocket: a send in flight to a peer that does not read would never come back.
    // A layered provider may know no cancelling; its operations end with the socket.
    if (!::CancelIoEx(native.handle, nullptr) && ::GetLastError() != ERROR_NOT_FOUND) {
      at_once = true;
    }
  }
  if (at_once) {
    native.handle = INVALID_HANDLE_VALUE;
    ::closesocket(socket);
  }
}

void Tcp::EndClose(Endpoint& endpoint) {
  NativeEndpoint& native = endpoint.native;
  if (native.handle != INVALID_HANDLE_VALUE) ::closesocket(AsSocket(native.handle));
  native.handle = INVALID_HANDLE_VALUE;
  Transport::EndClose(endpoint);
}

}  // namespace iocp_net

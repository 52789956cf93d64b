// Windows: Winsock's calls of addon/iocp, and what each can fail with. Not those of named pipes.
#ifdef _WIN32
#include <winsock2.h>

#include "injector.h"

namespace iocp_net::test {

namespace {

#define IOCP_NET_ROW(call, error, answer, status) \
  FaultRow { call, error, #error, Answer::answer, status }

#define IOCP_NET_RECEIVE_ROWS(call)                                      \
  IOCP_NET_ROW(call, WSAECONNABORTED, kReceiveFailed, UV__ECONNRESET),   \
      IOCP_NET_ROW(call, WSAECONNRESET, kReceiveFailed, UV__ECONNRESET), \
      IOCP_NET_ROW(call, WSAENETDOWN, kReceiveFailed, UV__ENETDOWN),     \
      IOCP_NET_ROW(call, WSAENETRESET, kReceiveFailed, UV__ECONNRESET),  \
      IOCP_NET_ROW(call, WSAENOBUFS, kReceiveFailed, UV__ENOBUFS),       \
      IOCP_NET_ROW(call, WSAENOTCONN, kReceiveFailed, UV__ENOTCONN),     \
      IOCP_NET_ROW(call, WSAESHUTDOWN, kReceiveFailed, UV__EPIPE),       \
      IOCP_NET_ROW(call, WSAETIMEDOUT, kReceiveFailed, UV__ETIMEDOUT)

#define IOCP_NET_SEND_ROWS(call)                                    \
  IOCP_NET_ROW(call, WSAEACCES, kSent, UV__EACCES),                 \
      IOCP_NET_ROW(call, WSAECONNRESET, kSent, UV__ECONNRESET),     \
      IOCP_NET_ROW(call, WSAEHOSTUNREACH, kSent, UV__EHOSTUNREACH), \
      IOCP_NET_ROW(call, WSAENETDOWN, kSent, UV__ENETDOWN),         \
      IOCP_NET_ROW(call, WSAENETRESET, kSent, UV__ECONNRESET),      \
      IOCP_NET_ROW(call, WSAENOTCONN, kSent, UV__ENOTCONN),         \
      IOCP_NET_ROW(call, WSAESHUTDOWN, kSent, UV__EPIPE),           \
      IOCP_NET_ROW(call, WSAETIMEDOUT, kSent, UV__ETIMEDOUT)

constexpr FaultRow kTable[] = {
    IOCP_NET_ROW("WSASocketW", WSAEAFNOSUPPORT, kCall, UV__EAFNOSUPPORT),
    IOCP_NET_ROW("WSASocketW", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("WSASocketW", WSAEMFILE, kCall, UV__EMFILE),
    IOCP_NET_ROW("WSASocketW", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("WSASocketW", WSAENOBUFS, kCall, UV__ENOBUFS),
    IOCP_NET_ROW("WSASocketW", WSAEPROTONOSUPPORT, kCall, UV__EPROTONOSUPPORT),
    IOCP_NET_ROW("bind", WSAEACCES, kCall, UV__EACCES),
    IOCP_NET_ROW("bind", WSAEADDRNOTAVAIL, kCall, UV__EADDRNOTAVAIL),
    IOCP_NET_ROW("bind", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("bind", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("bind", WSAENOBUFS, kCall, UV__ENOBUFS),
    IOCP_NET_ROW("listen", WSAEADDRINUSE, kCall, UV__EADDRINUSE),
    IOCP_NET_ROW("listen", WSAEMFILE, kCall, UV__EMFILE),
    IOCP_NET_ROW("listen", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("listen", WSAENOBUFS, kCall, UV__ENOBUFS),
    IOCP_NET_ROW("ConnectEx", WSAEADDRINUSE, kCall, UV__EADDRINUSE),
    IOCP_NET_ROW("ConnectEx", WSAEADDRNOTAVAIL, kCall, UV__EADDRNOTAVAIL),
    IOCP_NET_ROW("ConnectEx", WSAECONNREFUSED, kCall, UV__ECONNREFUSED),
    IOCP_NET_ROW("ConnectEx", WSAEHOSTUNREACH, kCall, UV__EHOSTUNREACH),
    IOCP_NET_ROW("ConnectEx", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("ConnectEx", WSAENETUNREACH, kCall, UV__ENETUNREACH),
    IOCP_NET_ROW("ConnectEx", WSAENOBUFS, kCall, UV__ENOBUFS),
    IOCP_NET_ROW("ConnectEx", WSAETIMEDOUT, kCall, UV__ETIMEDOUT),
    IOCP_NET_ROW("setsockopt (SO_UPDATE_CONNECT_CONTEXT)", WSAENOBUFS, kConnected, UV__ENOBUFS),
    IOCP_NET_ROW("setsockopt (SO_UPDATE_CONNECT_CONTEXT)", WSAENOTCONN, kConnected, UV__ENOTCONN),
    // The connection is gone; the next one is accepted.
    IOCP_NET_ROW("setsockopt (SO_UPDATE_ACCEPT_CONTEXT)", WSAENOTCONN, kNobody, kOk),
    IOCP_NET_ROW("setsockopt (SO_UPDATE_ACCEPT_CONTEXT)", WSAENOBUFS, kNobody, kOk),
    // The other accepts of the pool go on; reported when there is none.
    IOCP_NET_ROW("AcceptEx", WSAECONNRESET, kRetried, kOk),
    IOCP_NET_ROW("AcceptEx", WSAENOBUFS, kPool, UV__ENOBUFS),
    IOCP_NET_ROW("AcceptEx", WSAENETDOWN, kPool, UV__ENETDOWN),
    IOCP_NET_ROW("WSASocketW (for an accept)", WSAEMFILE, kPool, UV__EMFILE),
    IOCP_NET_ROW("WSASocketW (for an accept)", WSAENOBUFS, kPool, UV__ENOBUFS),

    IOCP_NET_RECEIVE_ROWS("WSARecv"),
    IOCP_NET_RECEIVE_ROWS("recv"),
    IOCP_NET_ROW("recv", WSAEWOULDBLOCK, kRetried, kOk),
    IOCP_NET_ROW("ioctlsocket (FIONREAD)", WSAEINVAL, kNobody, kOk),
    IOCP_NET_ROW("ioctlsocket (FIONREAD)", WSAENETDOWN, kNobody, kOk),
    IOCP_NET_SEND_ROWS("WSASend (at once)"),
    IOCP_NET_ROW("WSASend (at once)", WSAECONNABORTED, kSent, UV__ECONNABORTED),
    IOCP_NET_ROW("WSASend (at once)", WSAENOBUFS, kRetried, kOk),
    IOCP_NET_ROW("WSASend (at once)", WSAEWOULDBLOCK, kRetried, kOk),
    IOCP_NET_SEND_ROWS("WSASend (overlapped)"),
    IOCP_NET_ROW("WSASend (overlapped)", WSAECONNABORTED, kSent, UV__ECANCELED),
    IOCP_NET_ROW("WSASend (overlapped)", WSAENOBUFS, kSent, UV__ENOBUFS),
    IOCP_NET_ROW("WSASend (overlapped)", WSAEWOULDBLOCK, kSent, UV__ENOBUFS),
    IOCP_NET_ROW("shutdown", WSAENETDOWN, kShut, UV__ENETDOWN),
    IOCP_NET_ROW("shutdown", WSAENOTCONN, kShut, UV__ENOTCONN),
    IOCP_NET_ROW("setsockopt", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("setsockopt", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("setsockopt", WSAENOBUFS, kCall, UV__ENOBUFS),
    IOCP_NET_ROW("setsockopt (without which it goes on)", WSAEINVAL, kNobody, kOk),
    IOCP_NET_ROW("setsockopt (without which it goes on)", WSAENOPROTOOPT, kNobody, kOk),
    IOCP_NET_ROW("getsockname", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("getsockname", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("getpeername", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("getpeername", WSAENOTCONN, kCall, UV__ENOTCONN),
};

}  // namespace

std::span<const FaultRow> FaultTable() { return kTable; }

}  // namespace iocp_net::test
#endif  // _WIN32

// Windows: the calls of addon/iocp and the packets of its completion port, and what each can fail
// with.
#ifdef _WIN32
#define WIN32_NO_STATUS
#include <winsock2.h>
//
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
//
#include <winternl.h>

#include "injector.h"

namespace iocp_net::test {

namespace {

#define IOCP_NET_ROW(call, error, answer, ...) \
  FaultRow { call, error, #error, Answer::answer, __VA_ARGS__ }

#define IOCP_NET_BIND_ROWS(call)                                      \
  IOCP_NET_ROW(call, WSAEACCES, kCall, UV__EACCES),                   \
      IOCP_NET_ROW(call, WSAEADDRNOTAVAIL, kCall, UV__EADDRNOTAVAIL), \
      IOCP_NET_ROW(call, WSAEINVAL, kCall, UV__EINVAL),               \
      IOCP_NET_ROW(call, WSAENETDOWN, kCall, UV__ENETDOWN),           \
      IOCP_NET_ROW(call, WSAENOBUFS, kCall, UV__ENOBUFS)

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

// An NTSTATUS that carries an error of Win32, as drivers make them.
#define NTSTATUS_OF_NETNAME_DELETED 0xC0070040

#define IOCP_NET_MEMORY_ROWS(call, answer)                         \
  IOCP_NET_ROW(call, ERROR_NOT_ENOUGH_MEMORY, answer, UV__ENOMEM), \
      IOCP_NET_ROW(call, ERROR_NO_SYSTEM_RESOURCES, answer, UV__ENOBUFS)

// Of operations on sockets; how libuv names them is in its uv__ntstatus_to_winsock_error.
#define IOCP_NET_SOCKET_PACKET_ROWS(call, answer)                                \
  IOCP_NET_ROW(call, STATUS_ACCESS_DENIED, answer, UV__EACCES),                  \
      IOCP_NET_ROW(call, STATUS_CANCELLED, answer, UV__ECANCELED),               \
      IOCP_NET_ROW(call, STATUS_CONNECTION_RESET, answer, UV__ECONNRESET),       \
      IOCP_NET_ROW(call, STATUS_HOST_UNREACHABLE, answer, UV__EHOSTUNREACH),     \
      IOCP_NET_ROW(call, STATUS_INSUFFICIENT_RESOURCES, answer, UV__ENOBUFS),    \
      IOCP_NET_ROW(call, STATUS_INVALID_CONNECTION, answer, UV__ENOTCONN),       \
      IOCP_NET_ROW(call, STATUS_IO_TIMEOUT, answer, UV__ETIMEDOUT),              \
      IOCP_NET_ROW(call, STATUS_NETWORK_UNREACHABLE, answer, UV__ENETUNREACH),   \
      IOCP_NET_ROW(call, STATUS_NO_SUCH_DEVICE, answer, UV__ENETDOWN),           \
      IOCP_NET_ROW(call, STATUS_REMOTE_DISCONNECT, answer, UV__ECONNRESET),      \
      IOCP_NET_ROW(call, STATUS_UNEXPECTED_NETWORK_ERROR, answer, UV__ENETDOWN), \
      IOCP_NET_ROW(call, NTSTATUS_OF_NETNAME_DELETED, answer, UV__ECONNRESET)

// Of operations on pipes, by way of Win32's errors, as libuv does it. Those of a network are of
// pipes on other machines.
#define IOCP_NET_PIPE_PACKET_ROWS(call, answer)                                   \
  IOCP_NET_ROW(call, STATUS_ACCESS_DENIED, answer, UV__EPERM),                    \
      IOCP_NET_ROW(call, STATUS_CANCELLED, answer, UV__ECANCELED),                \
      IOCP_NET_ROW(call, STATUS_CONNECTION_DISCONNECTED, answer, UV__ECONNRESET), \
      IOCP_NET_ROW(call, STATUS_CONNECTION_RESET, answer, UV__ECONNRESET),        \
      IOCP_NET_ROW(call, STATUS_INSUFFICIENT_RESOURCES, answer, UV__ENOBUFS),     \
      IOCP_NET_ROW(call, STATUS_IO_TIMEOUT, answer, UV__ETIMEDOUT),               \
      IOCP_NET_ROW(call, STATUS_LOCAL_DISCONNECT, answer, UV__ECONNRESET),        \
      IOCP_NET_ROW(call, STATUS_NO_MEMORY, answer, UV__ENOMEM),                   \
      IOCP_NET_ROW(call, STATUS_PIPE_CLOSING, answer, UV__EPIPE),                 \
      IOCP_NET_ROW(call, STATUS_PIPE_DISCONNECTED, answer, UV__EPIPE),            \
      IOCP_NET_ROW(call, NTSTATUS_OF_NETNAME_DELETED, answer, UV__ECONNRESET)

constexpr FaultRow kTable[] = {
    // ---- the start of an engine ----

    IOCP_NET_MEMORY_ROWS("CreateIoCompletionPort", kCall),
    IOCP_NET_ROW("WSAStartup", WSASYSNOTREADY, kCall, UV__ENETDOWN),
    // What it does not learn of an address family then it asks again when it is needed.
    // What lasts is the answer of an engine that can ask for no family.
    IOCP_NET_ROW("WSASocketW (a probe)", WSAEAFNOSUPPORT, kNobody, kOk, UV__EAFNOSUPPORT),
    IOCP_NET_ROW("WSASocketW (a probe)", WSAEMFILE, kNobody, kOk),
    IOCP_NET_ROW("WSASocketW (a probe)", WSAENOBUFS, kNobody, kOk),
    IOCP_NET_ROW("WSAIoctl (an extension)", WSAEINVAL, kNobody, kOk, UV__EAFNOSUPPORT),
    IOCP_NET_ROW("WSAIoctl (an extension)", WSAENETDOWN, kNobody, kOk, UV__ENETDOWN),
    IOCP_NET_ROW("getsockopt (SO_PROTOCOL_INFOW)", WSAENETDOWN, kNobody, kOk),
    IOCP_NET_ROW("getsockopt (SO_PROTOCOL_INFOW)", WSAENOBUFS, kNobody, kOk),
    IOCP_NET_MEMORY_ROWS("CreateEventW", kCall),

    // ---- sockets ----

    IOCP_NET_ROW("WSASocketW", WSAEAFNOSUPPORT, kCall, UV__EAFNOSUPPORT),
    IOCP_NET_ROW("WSASocketW", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("WSASocketW", WSAEMFILE, kCall, UV__EMFILE),
    IOCP_NET_ROW("WSASocketW", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("WSASocketW", WSAENOBUFS, kCall, UV__ENOBUFS),
    IOCP_NET_ROW("WSASocketW", WSAEPROTONOSUPPORT, kCall, UV__EPROTONOSUPPORT),
    IOCP_NET_ROW("ioctlsocket (FIONBIO)", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("ioctlsocket (FIONBIO)", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_BIND_ROWS("bind"),
    IOCP_NET_ROW("bind", WSAEADDRINUSE, kCall, UV__EADDRINUSE),
    IOCP_NET_BIND_ROWS("bind (to any address)"),
    IOCP_NET_ROW("bind (to any address)", WSAEADDRINUSE, kConnected, UV__EADDRINUSE),  // as libuv
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
    IOCP_NET_ROW("AcceptEx", WSAEWOULDBLOCK, kPool, UV__ENOBUFS),
    IOCP_NET_ROW("WSASocketW (for an accept)", WSAEMFILE, kPool, UV__EMFILE),
    IOCP_NET_ROW("WSASocketW (for an accept)", WSAENOBUFS, kPool, UV__ENOBUFS),
    IOCP_NET_ROW("ioctlsocket (FIONBIO, for an accept)", WSAEINVAL, kPool, UV__EINVAL),
    IOCP_NET_ROW("ioctlsocket (FIONBIO, for an accept)", WSAENETDOWN, kPool, UV__ENETDOWN),

    IOCP_NET_RECEIVE_ROWS("WSARecv"),
    IOCP_NET_ROW("WSARecv", WSAEWOULDBLOCK, kReceiveFailed, UV__ENOBUFS),  // too many in flight
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
    IOCP_NET_ROW("shutdown", WSAEWOULDBLOCK, kShut, UV__ENOBUFS),
    IOCP_NET_ROW("setsockopt", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("setsockopt", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("setsockopt", WSAENOBUFS, kCall, UV__ENOBUFS),
    IOCP_NET_ROW("setsockopt (without which it goes on)", WSAEINVAL, kNobody, kOk),
    IOCP_NET_ROW("setsockopt (without which it goes on)", WSAENOPROTOOPT, kNobody, kOk),
    // Of a system that does not know the options.
    IOCP_NET_ROW("WSAIoctl (SIO_KEEPALIVE_VALS)", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("WSAIoctl (SIO_KEEPALIVE_VALS)", WSAENETDOWN, kCall, UV__ENETDOWN),
    // The refusal at once of what nobody listens on.
    IOCP_NET_ROW("WSAIoctl (without which it goes on)", WSAEINVAL, kNobody, kOk),
    IOCP_NET_ROW("WSAIoctl (without which it goes on)", WSAENOPROTOOPT, kNobody, kOk),
    IOCP_NET_ROW("getsockname", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("getsockname", WSAEINVAL, kCall, UV__EINVAL),
    IOCP_NET_ROW("getpeername", WSAENETDOWN, kCall, UV__ENETDOWN),
    IOCP_NET_ROW("getpeername", WSAENOTCONN, kCall, UV__ENOTCONN),

    // ---- packets of sockets ----

    IOCP_NET_SOCKET_PACKET_ROWS("packet of WSARecv", kReceiveFailed),
    IOCP_NET_ROW("packet of WSARecv", STATUS_CONNECTION_ABORTED, kReceiveFailed, UV__ECONNRESET),
    IOCP_NET_ROW("packet of WSARecv", STATUS_DEVICE_NOT_READY, kReceiveFailed, UV__ENOBUFS),
    IOCP_NET_ROW("packet of WSARecv", STATUS_GRACEFUL_DISCONNECT, kReceiveFailed, UV__EOF),
    IOCP_NET_ROW("packet of WSARecv", STATUS_LOCAL_DISCONNECT, kReceiveFailed, UV__ECONNRESET),
    IOCP_NET_SOCKET_PACKET_ROWS("packet of WSASend", kSent),
    IOCP_NET_ROW("packet of WSASend", STATUS_CONNECTION_ABORTED, kSent, UV__ECANCELED),
    IOCP_NET_ROW("packet of WSASend", STATUS_DEVICE_NOT_READY, kSent, UV__ENOBUFS),
    IOCP_NET_ROW("packet of WSASend", STATUS_GRACEFUL_DISCONNECT, kSent, UV__EPIPE),
    IOCP_NET_ROW("packet of WSASend", STATUS_PIPE_DISCONNECTED, kSent, UV__EPIPE),
    IOCP_NET_SOCKET_PACKET_ROWS("packet of ConnectEx", kConnected),
    IOCP_NET_ROW("packet of ConnectEx", STATUS_ADDRESS_ALREADY_EXISTS, kConnected, UV__EADDRINUSE),
    IOCP_NET_ROW("packet of ConnectEx", STATUS_CONNECTION_ABORTED, kConnected, UV__ECONNABORTED),
    IOCP_NET_ROW("packet of ConnectEx", STATUS_CONNECTION_REFUSED, kConnected, UV__ECONNREFUSED),
    IOCP_NET_ROW("packet of ConnectEx", STATUS_DEVICE_NOT_READY, kConnected, UV__EAGAIN),
    IOCP_NET_ROW("packet of ConnectEx", STATUS_INVALID_ADDRESS_COMPONENT, kConnected,
                 UV__EADDRNOTAVAIL),
    IOCP_NET_ROW("packet of ConnectEx", STATUS_SHARING_VIOLATION, kConnected, UV__EADDRINUSE),
    // Says nothing about the listener: the next connection is waited for.
    IOCP_NET_ROW("packet of AcceptEx", STATUS_CANCELLED, kRetried, kOk),
    IOCP_NET_ROW("packet of AcceptEx", STATUS_CONNECTION_ABORTED, kRetried, kOk),
    IOCP_NET_ROW("packet of AcceptEx", STATUS_CONNECTION_RESET, kRetried, kOk),
    IOCP_NET_ROW("packet of AcceptEx", STATUS_INSUFFICIENT_RESOURCES, kRetried, kOk),
    IOCP_NET_ROW("packet of AcceptEx", STATUS_IO_TIMEOUT, kRetried, kOk),
    IOCP_NET_ROW("packet of AcceptEx", STATUS_LOCAL_DISCONNECT, kRetried, kOk),
    IOCP_NET_ROW("packet of AcceptEx", NTSTATUS_OF_NETNAME_DELETED, kRetried, kOk),

    // ---- the completion port ----

    IOCP_NET_MEMORY_ROWS("CreateIoCompletionPort (a socket)", kCall),
    IOCP_NET_ROW("CreateIoCompletionPort (a socket)", ERROR_INVALID_PARAMETER, kCall, UV__EINVAL),
    IOCP_NET_MEMORY_ROWS("CreateIoCompletionPort (a pipe)", kConnected),
    IOCP_NET_ROW("CreateIoCompletionPort (a pipe)", ERROR_INVALID_PARAMETER, kConnected,
                 UV__EINVAL),
    IOCP_NET_MEMORY_ROWS("CreateIoCompletionPort (for an accept)", kPool),
    // What succeeds at once leaves a packet then.
    IOCP_NET_ROW("SetFileCompletionNotificationModes", ERROR_INVALID_FUNCTION, kNobody, kOk),
    IOCP_NET_ROW("SetFileCompletionNotificationModes", ERROR_NOT_SUPPORTED, kNobody, kOk),
    // The handle is closed then, and its operations end with it.
    IOCP_NET_ROW("CancelIoEx", ERROR_INVALID_FUNCTION, kNobody, kOk),
    IOCP_NET_ROW("CancelIoEx", ERROR_NO_SYSTEM_RESOURCES, kNobody, kOk),

    // ---- named pipes: opening ----

    IOCP_NET_MEMORY_ROWS("CreateNamedPipeW", kCall),
    IOCP_NET_ROW("CreateNamedPipeW", ERROR_ACCESS_DENIED, kCall, UV__EADDRINUSE),  // it is taken
    IOCP_NET_ROW("CreateNamedPipeW", ERROR_INVALID_NAME, kCall, UV__EACCES),
    IOCP_NET_ROW("CreateNamedPipeW", ERROR_PATH_NOT_FOUND, kCall, UV__EACCES),
    IOCP_NET_ROW("CreateNamedPipeW", ERROR_PIPE_BUSY, kCall, UV__EBUSY),
    IOCP_NET_ROW("CreateNamedPipeW", ERROR_TOO_MANY_OPEN_FILES, kCall, UV__EMFILE),
    IOCP_NET_MEMORY_ROWS("CreateNamedPipeW (for an accept)", kPool),
    IOCP_NET_ROW("CreateNamedPipeW (for an accept)", ERROR_ACCESS_DENIED, kPool, UV__EPERM),
    IOCP_NET_ROW("CreateNamedPipeW (for an accept)", ERROR_PIPE_BUSY, kPool, UV__EBUSY),
    IOCP_NET_MEMORY_ROWS("ConnectNamedPipe", kPool),
    IOCP_NET_ROW("ConnectNamedPipe", ERROR_PIPE_NOT_CONNECTED, kPool, UV__EPIPE),
    IOCP_NET_ROW("packet of ConnectNamedPipe", STATUS_CANCELLED, kRetried, kOk),
    IOCP_NET_ROW("packet of ConnectNamedPipe", STATUS_INSUFFICIENT_RESOURCES, kRetried, kOk),
    IOCP_NET_ROW("packet of ConnectNamedPipe", STATUS_PIPE_BROKEN, kRetried, kOk),
    IOCP_NET_ROW("packet of ConnectNamedPipe", STATUS_PIPE_DISCONNECTED, kRetried, kOk),

    IOCP_NET_MEMORY_ROWS("CreateFileW", kConnected),
    IOCP_NET_ROW("CreateFileW", ERROR_ACCESS_DENIED, kConnected, UV__EPERM),
    IOCP_NET_ROW("CreateFileW", ERROR_FILE_NOT_FOUND, kConnected, UV__ENOENT),
    IOCP_NET_ROW("CreateFileW", ERROR_INVALID_NAME, kConnected, UV__ENOENT),
    IOCP_NET_ROW("CreateFileW", ERROR_NETNAME_DELETED, kConnected, UV__ECONNRESET),
    IOCP_NET_ROW("CreateFileW", ERROR_PATH_NOT_FOUND, kConnected, UV__ENOENT),
    IOCP_NET_ROW("CreateFileW", ERROR_PIPE_BUSY, kRetried, kOk),  // and waits for an instance
    IOCP_NET_ROW("CreateFileW", ERROR_SEM_TIMEOUT, kConnected, UV__ETIMEDOUT),
    IOCP_NET_ROW("CreateFileW", ERROR_SHARING_VIOLATION, kConnected, UV__EBUSY),
    IOCP_NET_ROW("CreateFileW", ERROR_TOO_MANY_OPEN_FILES, kConnected, UV__EMFILE),
    IOCP_NET_ROW("TrySubmitThreadpoolCallback (an opening)", ERROR_NOT_ENOUGH_MEMORY, kConnected,
                 UV__ENOMEM),
    IOCP_NET_MEMORY_ROWS("OpenThread (an opening)", kConnected),
    IOCP_NET_MEMORY_ROWS("WaitNamedPipeW", kConnected),
    IOCP_NET_ROW("WaitNamedPipeW", ERROR_ACCESS_DENIED, kConnected, UV__EPERM),
    IOCP_NET_ROW("WaitNamedPipeW", ERROR_FILE_NOT_FOUND, kConnected, UV__ENOENT),
    IOCP_NET_ROW("WaitNamedPipeW", ERROR_SEM_TIMEOUT, kConnected, UV__ETIMEDOUT),
    IOCP_NET_MEMORY_ROWS("CreateFileW (after a wait)", kConnected),
    IOCP_NET_ROW("CreateFileW (after a wait)", ERROR_ACCESS_DENIED, kConnected, UV__EPERM),
    IOCP_NET_ROW("CreateFileW (after a wait)", ERROR_FILE_NOT_FOUND, kConnected, UV__ENOENT),
    IOCP_NET_ROW("CreateFileW (after a wait)", ERROR_PIPE_BUSY, kRetried, kOk),
    // It has not come to the step that blocks yet.
    IOCP_NET_ROW("CancelSynchronousIo", ERROR_NOT_FOUND, kRetried, kOk),
    IOCP_NET_MEMORY_ROWS("SetNamedPipeHandleState", kConnected),
    IOCP_NET_ROW("SetNamedPipeHandleState", ERROR_ACCESS_DENIED, kNobody, kOk),  // it asks instead
    IOCP_NET_ROW("SetNamedPipeHandleState", ERROR_INVALID_PARAMETER, kConnected, UV__ENOTSOCK),
    IOCP_NET_ROW("SetNamedPipeHandleState", ERROR_PIPE_NOT_CONNECTED, kConnected, UV__EPIPE),
    IOCP_NET_MEMORY_ROWS("GetNamedPipeHandleStateW", kConnected),
    IOCP_NET_ROW("GetNamedPipeHandleStateW", ERROR_ACCESS_DENIED, kConnected, UV__EPERM),

// ---- named pipes: transfers ----

#define IOCP_NET_READ_ROWS(call)                                                 \
  IOCP_NET_MEMORY_ROWS(call, kReceiveFailed),                                    \
      IOCP_NET_ROW(call, ERROR_BROKEN_PIPE, kReceiveFailed, UV__EOF),            \
      IOCP_NET_ROW(call, ERROR_NETNAME_DELETED, kReceiveFailed, UV__ECONNRESET), \
      IOCP_NET_ROW(call, ERROR_PIPE_NOT_CONNECTED, kReceiveFailed, UV__EPIPE)
    IOCP_NET_READ_ROWS("ReadFile (overlapped)"),
    IOCP_NET_ROW("ReadFile (overlapped)", ERROR_ACCESS_DENIED, kReceiveFailed, UV__EPERM),
    IOCP_NET_ROW("ReadFile (overlapped)", ERROR_INVALID_USER_BUFFER, kReceiveFailed, UV__UNKNOWN),
    IOCP_NET_ROW("ReadFile (overlapped)", ERROR_NO_DATA, kReceiveFailed, UV__EPIPE),
    IOCP_NET_READ_ROWS("ReadFile (at once)"),
    IOCP_NET_ROW("ReadFile (at once)", ERROR_NO_DATA, kRetried, kOk),
    IOCP_NET_READ_ROWS("GetOverlappedResult"),
    IOCP_NET_ROW("GetOverlappedResult", ERROR_OPERATION_ABORTED, kReceiveFailed, UV__ECANCELED),
    IOCP_NET_READ_ROWS("PeekNamedPipe"),
    IOCP_NET_ROW("PeekNamedPipe", ERROR_BAD_PIPE, kReceiveFailed, UV__EPIPE),
    IOCP_NET_PIPE_PACKET_ROWS("packet of ReadFile", kReceiveFailed),
    IOCP_NET_ROW("packet of ReadFile", STATUS_CONNECTION_ABORTED, kReceiveFailed, UV__ECONNABORTED),
    IOCP_NET_ROW("packet of ReadFile", STATUS_END_OF_FILE, kReceiveFailed, UV__EOF),
    IOCP_NET_ROW("packet of ReadFile", STATUS_PIPE_BROKEN, kReceiveFailed, UV__EOF),
    IOCP_NET_MEMORY_ROWS("WriteFile", kSent),
    IOCP_NET_ROW("WriteFile", ERROR_ACCESS_DENIED, kSent, UV__EPERM),
    IOCP_NET_ROW("WriteFile", ERROR_BROKEN_PIPE, kSent, UV__EPIPE),
    IOCP_NET_ROW("WriteFile", ERROR_INVALID_USER_BUFFER, kSent, UV__UNKNOWN),
    IOCP_NET_ROW("WriteFile", ERROR_NETNAME_DELETED, kSent, UV__ECONNRESET),
    IOCP_NET_ROW("WriteFile", ERROR_NOT_ENOUGH_QUOTA, kSent, UV__ENOBUFS),
    IOCP_NET_ROW("WriteFile", ERROR_NO_DATA, kSent, UV__EPIPE),
    IOCP_NET_ROW("WriteFile", ERROR_PIPE_NOT_CONNECTED, kSent, UV__EPIPE),
    IOCP_NET_PIPE_PACKET_ROWS("packet of WriteFile", kSent),
    IOCP_NET_ROW("packet of WriteFile", STATUS_CONNECTION_ABORTED, kSent, UV__ECONNABORTED),
    IOCP_NET_ROW("packet of WriteFile", STATUS_PIPE_BROKEN, kSent, UV__EPIPE),

    // ---- named pipes: the end, and access lists ----

    IOCP_NET_ROW("NtQueryInformationFile", STATUS_INSUFFICIENT_RESOURCES, kShut, UV__ENOBUFS),
    IOCP_NET_ROW("NtQueryInformationFile", STATUS_PIPE_DISCONNECTED, kShut, UV__EPIPE),
    IOCP_NET_ROW("TrySubmitThreadpoolCallback (a flush)", ERROR_NOT_ENOUGH_MEMORY, kShut,
                 UV__ENOMEM),
    IOCP_NET_MEMORY_ROWS("OpenThread (a flush)", kShut),
    // The peer is gone, and that is as good.
    IOCP_NET_ROW("FlushFileBuffers", ERROR_NO_DATA, kNobody, kOk),
    IOCP_NET_ROW("FlushFileBuffers", ERROR_PIPE_NOT_CONNECTED, kNobody, kOk),
    IOCP_NET_ROW("CreateThreadpoolTimer", ERROR_NOT_ENOUGH_MEMORY, kNobody, kOk),  // at once then
    IOCP_NET_MEMORY_ROWS("CreateWellKnownSid", kCall),
    IOCP_NET_MEMORY_ROWS("GetSecurityInfo", kCall),
    IOCP_NET_ROW("GetSecurityInfo", ERROR_ACCESS_DENIED, kCall, UV__EPERM),
    IOCP_NET_MEMORY_ROWS("SetEntriesInAclW", kCall),
    IOCP_NET_ROW("SetEntriesInAclW", ERROR_INVALID_PARAMETER, kCall, UV__EINVAL),
    IOCP_NET_MEMORY_ROWS("SetSecurityInfo", kCall),
    IOCP_NET_ROW("SetSecurityInfo", ERROR_ACCESS_DENIED, kCall, UV__EPERM),
};

}  // namespace

std::span<const FaultRow> FaultTable() { return kTable; }

}  // namespace iocp_net::test
#endif  // _WIN32

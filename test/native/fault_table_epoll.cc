// Linux: the calls of addon/epoll, and what each can fail with.
#ifdef __linux__
#include <cerrno>

#include "injector.h"

namespace iocp_net::test {

namespace {

#define IOCP_NET_ROW(call, error, answer) \
  FaultRow { call, error, #error, Answer::answer, -error }
#define IOCP_NET_ROW_AS(call, error, answer, ...) \
  FaultRow { call, error, #error, Answer::answer, __VA_ARGS__ }

constexpr FaultRow kTable[] = {
    IOCP_NET_ROW("epoll_create1", EMFILE, kCall),
    IOCP_NET_ROW("epoll_create1", ENFILE, kCall),
    IOCP_NET_ROW("epoll_create1", ENOMEM, kCall),
    // The descriptor in reserve: without it, who waits is not refused but goes on waiting.
    IOCP_NET_ROW("open", EMFILE, kNobody),
    IOCP_NET_ROW("open", ENFILE, kNobody),
    IOCP_NET_ROW("open", ENOMEM, kNobody),
    IOCP_NET_ROW("open", EACCES, kNobody),
    IOCP_NET_ROW("open", ENOENT, kNobody),
    IOCP_NET_ROW("open", EINTR, kNobody),

    IOCP_NET_ROW("socket", EACCES, kCall),
    IOCP_NET_ROW_AS("socket", EAFNOSUPPORT, kCall, -EINVAL, -EAFNOSUPPORT),  // listen, connect
    IOCP_NET_ROW("socket", EINVAL, kCall),
    IOCP_NET_ROW("socket", EMFILE, kCall),
    IOCP_NET_ROW("socket", ENFILE, kCall),
    IOCP_NET_ROW("socket", ENOBUFS, kCall),
    IOCP_NET_ROW("socket", ENOMEM, kCall),
    IOCP_NET_ROW("socket", EPERM, kCall),
    IOCP_NET_ROW("socket", EPROTONOSUPPORT, kCall),
    IOCP_NET_ROW("bind (TCP)", EACCES, kCall),
    IOCP_NET_ROW("bind (TCP)", EADDRINUSE, kCall),
    IOCP_NET_ROW("bind (TCP)", EADDRNOTAVAIL, kCall),
    IOCP_NET_ROW_AS("bind (TCP)", EAFNOSUPPORT, kCall, -EINVAL),
    IOCP_NET_ROW("bind (TCP)", EINVAL, kCall),
    IOCP_NET_ROW("bind (TCP)", ENOMEM, kCall),
    IOCP_NET_ROW("bind (TCP)", EPERM, kCall),
    IOCP_NET_ROW("bind (local)", EACCES, kCall),
    IOCP_NET_ROW("bind (local)", EADDRINUSE, kCall),
    IOCP_NET_ROW("bind (local)", EADDRNOTAVAIL, kCall),
    IOCP_NET_ROW("bind (local)", EINVAL, kCall),
    IOCP_NET_ROW("bind (local)", ELOOP, kCall),
    IOCP_NET_ROW("bind (local)", ENAMETOOLONG, kCall),
    IOCP_NET_ROW_AS("bind (local)", ENOENT, kCall, -EACCES),
    IOCP_NET_ROW("bind (local)", ENOMEM, kCall),
    IOCP_NET_ROW("bind (local)", ENOSPC, kCall),
    IOCP_NET_ROW("bind (local)", ENOTDIR, kCall),
    IOCP_NET_ROW("bind (local)", EPERM, kCall),
    IOCP_NET_ROW("bind (local)", EROFS, kCall),
    IOCP_NET_ROW("listen", EADDRINUSE, kCall),
    IOCP_NET_ROW("listen", EACCES, kCall),
    IOCP_NET_ROW("listen", EINVAL, kCall),
    IOCP_NET_ROW("listen", ENOBUFS, kCall),
    IOCP_NET_ROW("listen", EOPNOTSUPP, kCall),

    IOCP_NET_ROW("connect (TCP)", EACCES, kCall),
    IOCP_NET_ROW("connect (TCP)", EADDRINUSE, kCall),
    IOCP_NET_ROW("connect (TCP)", EADDRNOTAVAIL, kCall),
    IOCP_NET_ROW("connect (TCP)", EAFNOSUPPORT, kCall),
    IOCP_NET_ROW("connect (TCP)", EAGAIN, kCall),
    IOCP_NET_ROW("connect (TCP)", ECONNREFUSED, kConnected),
    IOCP_NET_ROW("connect (TCP)", ECONNRESET, kCall),
    IOCP_NET_ROW("connect (TCP)", EHOSTUNREACH, kCall),
    IOCP_NET_ROW("connect (TCP)", EINTR, kRetried),
    IOCP_NET_ROW("connect (TCP)", EINVAL, kCall),
    IOCP_NET_ROW("connect (TCP)", ENETUNREACH, kCall),
    IOCP_NET_ROW("connect (TCP)", ENOBUFS, kCall),
    IOCP_NET_ROW("connect (TCP)", ENOMEM, kCall),
    IOCP_NET_ROW("connect (TCP)", EPERM, kCall),
    IOCP_NET_ROW("connect (TCP)", ETIMEDOUT, kCall),
    IOCP_NET_ROW("connect (local)", EACCES, kConnected),
    IOCP_NET_ROW("connect (local)", EAGAIN, kConnected),
    IOCP_NET_ROW("connect (local)", ECONNREFUSED, kConnected),
    IOCP_NET_ROW("connect (local)", EINTR, kRetried),
    IOCP_NET_ROW("connect (local)", EINVAL, kConnected),
    IOCP_NET_ROW("connect (local)", ELOOP, kConnected),
    IOCP_NET_ROW("connect (local)", ENOENT, kConnected),
    IOCP_NET_ROW("connect (local)", ENOMEM, kConnected),
    IOCP_NET_ROW("connect (local)", ENOTDIR, kConnected),
    IOCP_NET_ROW("connect (local)", EPERM, kConnected),
    IOCP_NET_ROW("connect (local)", EPROTOTYPE, kConnected),
    IOCP_NET_ROW("connect (again)", EALREADY, kCall),
    IOCP_NET_ROW("connect (again)", EINVAL, kCall),
    IOCP_NET_ROW("connect (again)", EISCONN, kCall),
    IOCP_NET_ROW("getsockopt (SO_ERROR)", EACCES, kConnected),
    IOCP_NET_ROW("getsockopt (SO_ERROR)", ENOBUFS, kConnected),
    IOCP_NET_ROW("getsockopt (SO_ERROR)", ENOPROTOOPT, kConnected),
    IOCP_NET_ROW("getsockopt (SO_ERROR)", EPERM, kConnected),

    IOCP_NET_ROW("accept4", EAGAIN, kRetried),
    IOCP_NET_ROW("accept4", ECONNABORTED, kRetried),
    IOCP_NET_ROW("accept4", EHOSTDOWN, kRetried),
    IOCP_NET_ROW("accept4", EHOSTUNREACH, kRetried),
    IOCP_NET_ROW("accept4", EINTR, kRetried),
    IOCP_NET_ROW("accept4", EINVAL, kAcceptFailed),
    IOCP_NET_ROW("accept4", EMFILE, kNobody),  // who waits is refused with the reserve
    IOCP_NET_ROW("accept4", ENETDOWN, kRetried),
    IOCP_NET_ROW("accept4", ENETUNREACH, kRetried),
    IOCP_NET_ROW("accept4", ENFILE, kNobody),
    IOCP_NET_ROW("accept4", ENOBUFS, kAcceptFailed),
    IOCP_NET_ROW("accept4", ENOMEM, kAcceptFailed),
    IOCP_NET_ROW("accept4", ENONET, kRetried),
    IOCP_NET_ROW("accept4", ENOPROTOOPT, kRetried),
    IOCP_NET_ROW("accept4", ENOSR, kAcceptFailed),
    IOCP_NET_ROW("accept4", EOPNOTSUPP, kRetried),
    IOCP_NET_ROW("accept4", EPERM, kAcceptFailed),
    IOCP_NET_ROW("accept4", EPROTO, kRetried),
    IOCP_NET_ROW("accept4", ETIMEDOUT, kAcceptFailed),
    IOCP_NET_ROW("epoll_ctl (ADD)", EEXIST, kCall),
    IOCP_NET_ROW("epoll_ctl (ADD)", ENOMEM, kCall),
    IOCP_NET_ROW("epoll_ctl (ADD)", ENOSPC, kCall),
    IOCP_NET_ROW("epoll_ctl (ADD)", EPERM, kCall),
    IOCP_NET_ROW("epoll_ctl (ADD, accepted)", EEXIST, kAcceptFailed),
    IOCP_NET_ROW("epoll_ctl (ADD, accepted)", ENOMEM, kAcceptFailed),
    IOCP_NET_ROW("epoll_ctl (ADD, accepted)", ENOSPC, kAcceptFailed),
    // After a send that found no memory, whose error it stays.
    IOCP_NET_ROW_AS("epoll_ctl (MOD)", ENOENT, kSent, -ENOBUFS),
    IOCP_NET_ROW_AS("epoll_ctl (MOD)", ENOMEM, kSent, -ENOBUFS),
    IOCP_NET_ROW("epoll_ctl (DEL)", ENOENT, kNobody),
    IOCP_NET_ROW("epoll_ctl (DEL)", ENOMEM, kNobody),
    IOCP_NET_ROW("epoll_wait", EINTR, kRetried),

    IOCP_NET_ROW("recvfrom", EAGAIN, kRetried),
    IOCP_NET_ROW("recvfrom", ECONNREFUSED, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", ECONNRESET, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", EHOSTUNREACH, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", EINTR, kRetried),
    IOCP_NET_ROW("recvfrom", ENETDOWN, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", ENETUNREACH, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", ENOBUFS, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", ENOMEM, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", ENOTCONN, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", EPROTO, kReceiveFailed),
    IOCP_NET_ROW("recvfrom", ETIMEDOUT, kReceiveFailed),
    IOCP_NET_ROW("recvmsg", EAGAIN, kRetried),
    IOCP_NET_ROW("recvmsg", ECONNRESET, kReceiveFailed),
    IOCP_NET_ROW("recvmsg", EINTR, kRetried),
    IOCP_NET_ROW("recvmsg", EINVAL, kReceiveFailed),
    IOCP_NET_ROW("recvmsg", ENOBUFS, kReceiveFailed),
    IOCP_NET_ROW("recvmsg", ENOMEM, kReceiveFailed),
    IOCP_NET_ROW("recvmsg", ENOTCONN, kReceiveFailed),
    // How much waits is then unknown, and a receive finds out.
    IOCP_NET_ROW("ioctl (FIONREAD)", EINVAL, kNobody),
    IOCP_NET_ROW("ioctl (FIONREAD)", ENOTTY, kNobody),
    IOCP_NET_ROW("ioctl (FIONREAD)", EPERM, kNobody),

#define IOCP_NET_SEND_ROWS(call)                                                      \
  IOCP_NET_ROW(call, EACCES, kSent), IOCP_NET_ROW(call, EAGAIN, kRetried),            \
      IOCP_NET_ROW(call, ECONNRESET, kSent), IOCP_NET_ROW(call, EHOSTUNREACH, kSent), \
      IOCP_NET_ROW(call, EINTR, kRetried), IOCP_NET_ROW(call, EMSGSIZE, kSent),       \
      IOCP_NET_ROW(call, ENETDOWN, kSent), IOCP_NET_ROW(call, ENETUNREACH, kSent),    \
      IOCP_NET_ROW(call, ENOBUFS, kRetried), IOCP_NET_ROW(call, ENOMEM, kSent),       \
      IOCP_NET_ROW(call, ENOTCONN, kSent), IOCP_NET_ROW(call, EPERM, kSent),          \
      IOCP_NET_ROW(call, EPIPE, kSent), IOCP_NET_ROW(call, ETIMEDOUT, kSent)
    IOCP_NET_SEND_ROWS("sendto"),
    IOCP_NET_SEND_ROWS("sendmsg"),
    IOCP_NET_ROW("shutdown", EINVAL, kShut),
    IOCP_NET_ROW("shutdown", ENOBUFS, kShut),
    IOCP_NET_ROW("shutdown", ENOTCONN, kShut),
    IOCP_NET_ROW("shutdown", EPERM, kShut),
    IOCP_NET_ROW("setsockopt (SO_LINGER)", EDOM, kNobody),
    IOCP_NET_ROW("setsockopt (SO_LINGER)", ENOMEM, kNobody),
    IOCP_NET_ROW("close", EDQUOT, kNobody),
    IOCP_NET_ROW("close", EINTR, kNobody),
    IOCP_NET_ROW("close", EIO, kNobody),
    IOCP_NET_ROW("close", ENOSPC, kNobody),
    IOCP_NET_ROW("unlink", EACCES, kNobody),
    IOCP_NET_ROW("unlink", EBUSY, kNobody),
    IOCP_NET_ROW("unlink", ENOENT, kNobody),
    IOCP_NET_ROW("unlink", EPERM, kNobody),
    IOCP_NET_ROW("unlink", EROFS, kNobody),

    IOCP_NET_ROW("setsockopt", EACCES, kCall),
    IOCP_NET_ROW("setsockopt", EDOM, kCall),
    IOCP_NET_ROW("setsockopt", EINVAL, kCall),
    IOCP_NET_ROW("setsockopt", ENOBUFS, kCall),
    IOCP_NET_ROW("setsockopt", ENOMEM, kCall),
    IOCP_NET_ROW("setsockopt", ENOPROTOOPT, kCall),
    IOCP_NET_ROW("setsockopt", EPERM, kCall),
    IOCP_NET_ROW("getsockname", ENOBUFS, kCall),
    IOCP_NET_ROW("getsockname", EINVAL, kCall),
    IOCP_NET_ROW("getpeername", ENOBUFS, kCall),
    IOCP_NET_ROW("getpeername", EINVAL, kCall),
    IOCP_NET_ROW("getpeername", ENOTCONN, kCall),
    IOCP_NET_ROW("getsockopt", ENOBUFS, kCall),
    IOCP_NET_ROW("getsockopt", ENOPROTOOPT, kCall),
    IOCP_NET_ROW_AS("getsockopt", ENOTSOCK, kCall, -EOPNOTSUPP, -ENOTSOCK),
    IOCP_NET_ROW("getsockopt", EPERM, kCall),
    IOCP_NET_ROW("fcntl (F_GETFL)", EBADF, kCall),
    IOCP_NET_ROW("fcntl (F_GETFL)", EPERM, kCall),
    IOCP_NET_ROW("fcntl (F_SETFL)", EBADF, kCall),
    IOCP_NET_ROW("fcntl (F_SETFL)", EPERM, kCall),
    IOCP_NET_ROW("fcntl (F_DUPFD_CLOEXEC)", EINVAL, kCall),
    IOCP_NET_ROW("fcntl (F_DUPFD_CLOEXEC)", EMFILE, kCall),
    IOCP_NET_ROW("fcntl (F_DUPFD_CLOEXEC)", ENOMEM, kCall),
    IOCP_NET_ROW("statx", EACCES, kCall),
    IOCP_NET_ROW("statx", ELOOP, kCall),
    IOCP_NET_ROW("statx", ENOENT, kCall),
    IOCP_NET_ROW("statx", ENOMEM, kCall),
    IOCP_NET_ROW("chmod", EACCES, kCall),
    IOCP_NET_ROW("chmod", EIO, kCall),
    IOCP_NET_ROW("chmod", ENOENT, kCall),
    IOCP_NET_ROW("chmod", EPERM, kCall),
    IOCP_NET_ROW("chmod", EROFS, kCall),
};

}  // namespace

std::span<const FaultRow> FaultTable() { return kTable; }

}  // namespace iocp_net::test
#endif  // __linux__

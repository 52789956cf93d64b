// Windows' errors and libuv's names for them.
#ifdef _WIN32
#include <doctest.h>
#include <winsock2.h>
//
#include <windows.h>

#include "iocp/errors.h"

namespace iocp_net::test {

namespace {

Status OfSocket(uint32_t ntstatus, During during = During::kOther) {
  return FromNtStatus(ntstatus, during, EndpointKind::kTcp);
}

Status OfPipe(uint32_t ntstatus, During during = During::kOther) {
  return FromNtStatus(ntstatus, during, EndpointKind::kPipe);
}

}  // namespace

TEST_CASE("errors: the same failure in three number spaces") {
  CHECK(FromSystemError(WSAECONNRESET) == UV__ECONNRESET);
  CHECK(FromSystemError(ERROR_NETNAME_DELETED) == UV__ECONNRESET);
  CHECK(OfSocket(0xC000020D) == UV__ECONNRESET);  // STATUS_CONNECTION_RESET
  CHECK(OfSocket(0xC000013C) == UV__ECONNRESET);  // STATUS_REMOTE_DISCONNECT
  CHECK(FromSystemError(WSAECONNREFUSED) == UV__ECONNREFUSED);
  CHECK(FromSystemError(ERROR_CONNECTION_REFUSED) == UV__ECONNREFUSED);
  CHECK(OfSocket(0xC0000236) == UV__ECONNREFUSED);
  CHECK(FromSystemError(WSAETIMEDOUT) == UV__ETIMEDOUT);
  CHECK(FromSystemError(ERROR_SEM_TIMEOUT) == UV__ETIMEDOUT);
  CHECK(OfSocket(0xC00000B5) == UV__ETIMEDOUT);  // STATUS_IO_TIMEOUT
  CHECK(FromSystemError(WSAEADDRINUSE) == UV__EADDRINUSE);
  CHECK(OfSocket(0xC000020A) == UV__EADDRINUSE);     // STATUS_ADDRESS_ALREADY_EXISTS
  CHECK(OfSocket(0xC0000141) == UV__EADDRNOTAVAIL);  // STATUS_INVALID_ADDRESS
  CHECK(FromSystemError(WSAEACCES) == UV__EACCES);
  CHECK(FromSystemError(ERROR_ACCESS_DENIED) == UV__EPERM);
  CHECK(OfSocket(0xC000009A) == UV__ENOBUFS);  // STATUS_INSUFFICIENT_RESOURCES
  CHECK(OfSocket(0xC0000120) == UV__ECANCELED);
  CHECK(OfSocket(0xC000023C) == UV__ENETUNREACH);
  CHECK(OfSocket(0xC000023D) == UV__EHOSTUNREACH);
  CHECK(OfSocket(0xC0070040) == UV__ECONNRESET);  // ERROR_NETNAME_DELETED, wrapped
  CHECK(OfSocket(0xC0000022) == UV__EACCES);      // STATUS_ACCESS_DENIED
  CHECK(OfPipe(0xC0000022) == UV__EPERM);
  CHECK(OfSocket(0xC000013B, During::kSend) == UV__ECONNABORTED);  // STATUS_LOCAL_DISCONNECT
  CHECK(OfPipe(0xC000013B, During::kSend) == UV__ECONNRESET);
  CHECK(OfSocket(0xC0000017) == UV__ENOBUFS);  // STATUS_NO_MEMORY
  CHECK(OfPipe(0xC0000017) == UV__ENOMEM);
  CHECK(OfPipe(0xC0000120, During::kReceive) == UV__ECANCELED);
  CHECK(OfPipe(0x8000000A, During::kReceive) == UV__ECANCELED);  // Wine, of a close
  CHECK(OfPipe(0x102, During::kReceive) == UV__ETIMEDOUT);       // STATUS_TIMEOUT
  CHECK(FromSystemError(0xFFFF) == UV__UNKNOWN);
  CHECK(OfPipe(0xC0FFFFFF) == UV__UNKNOWN);
  CHECK(OfSocket(0xC0FFFFFF) == UV__EINVAL);
  CHECK(OfSocket(0xC000000F) == UV__ENETDOWN);  // STATUS_NO_SUCH_FILE
  CHECK(OfSocket(0x80000005) == UV__EMSGSIZE);  // STATUS_BUFFER_OVERFLOW
  CHECK(OfSocket(0xC0000008) == UV__ENOTSOCK);  // STATUS_INVALID_HANDLE
  CHECK(OfSocket(0xC0000023) == UV__EFAULT);    // STATUS_BUFFER_TOO_SMALL
  CHECK(OfSocket(0xC0000097) == UV__ENOBUFS);   // STATUS_TOO_MANY_PAGING_FILES
  CHECK(OfSocket(0xC00000BB) == UV__ENOTSUP);   // STATUS_NOT_SUPPORTED
}

TEST_CASE("errors: success and its shades") {
  CHECK(FromSystemError(0) == kOk);
  CHECK(OfSocket(0) == kOk);
  CHECK(OfSocket(0x103) == kOk);  // STATUS_PENDING: not a failure
}

TEST_CASE("errors: what they mean depends on the direction") {
  CHECK(FromSystemError(ERROR_BROKEN_PIPE, During::kReceive) == UV__EOF);
  CHECK(FromSystemError(ERROR_BROKEN_PIPE, During::kSend) == UV__EPIPE);
  CHECK(OfPipe(0xC000014B, During::kReceive) == UV__EOF);  // STATUS_PIPE_BROKEN
  CHECK(OfPipe(0xC000014B, During::kSend) == UV__EPIPE);
  CHECK(FromSystemError(ERROR_NO_DATA, During::kSend) == UV__EPIPE);
  CHECK(FromSystemError(ERROR_NO_DATA, During::kReceive) == UV__EAGAIN);
  CHECK(FromSystemError(WSAECONNABORTED, During::kReceive) == UV__ECONNRESET);
  CHECK(FromSystemError(WSAECONNABORTED, During::kSend) == UV__ECONNABORTED);
  CHECK(OfSocket(0xC0000241, During::kReceive) == UV__ECONNRESET);
  CHECK(OfPipe(0xC0000241, During::kReceive) == UV__ECONNABORTED);
  // A reset is never an end.
  CHECK(FromSystemError(ERROR_NETNAME_DELETED, During::kReceive) == UV__ECONNRESET);
}

}  // namespace iocp_net::test
#endif  // _WIN32

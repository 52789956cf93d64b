#include "iocp/errors.h"

#define WIN32_NO_STATUS
#include <winsock2.h>
//
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
//
#include <winternl.h>

namespace iocp_net {

namespace {

constexpr uint32_t kErrorElevationRequired = 740;  // not in mingw-w64's headers

Status FromWinsock(uint32_t error) {
  switch (error) {
    case WSAEINTR:
    case WSA_E_CANCELLED:
    case WSAECANCELLED:
      return UV__ECANCELED;
    case WSAEBADF:
      return UV__EBADF;
    case WSAEACCES:
      return UV__EACCES;
    case WSAEFAULT:
      return UV__EFAULT;
    case WSAEINVAL:
    case WSAEPFNOSUPPORT:
      return UV__EINVAL;
    case WSAEMFILE:
      return UV__EMFILE;
    case WSAEWOULDBLOCK:
      return UV__EAGAIN;
    case WSAEINPROGRESS:
    case WSAEALREADY:
      return UV__EALREADY;
    case WSAENOTSOCK:
      return UV__ENOTSOCK;
    case WSAEDESTADDRREQ:
      return UV__EDESTADDRREQ;
    case WSAEMSGSIZE:
      return UV__EMSGSIZE;
    case WSAEPROTOTYPE:
      return UV__EPROTOTYPE;
    case WSAENOPROTOOPT:
      return UV__ENOPROTOOPT;
    case WSAEPROTONOSUPPORT:
      return UV__EPROTONOSUPPORT;
    case WSAESOCKTNOSUPPORT:
      return UV__ESOCKTNOSUPPORT;
    case WSAEOPNOTSUPP:
      return UV__ENOTSUP;
    case WSAEAFNOSUPPORT:
      return UV__EAFNOSUPPORT;
    case WSAEADDRINUSE:
      return UV__EADDRINUSE;
    case WSAEADDRNOTAVAIL:
      return UV__EADDRNOTAVAIL;
    case WSAENETDOWN:
    case WSASYSNOTREADY:
      return UV__ENETDOWN;
    case WSAENETUNREACH:
      return UV__ENETUNREACH;
    case WSAENETRESET:
    case WSAECONNRESET:
      return UV__ECONNRESET;
    case WSAECONNABORTED:
      return UV__ECONNABORTED;
    case WSAENOBUFS:
      return UV__ENOBUFS;
    case WSAEISCONN:
      return UV__EISCONN;
    case WSAENOTCONN:
      return UV__ENOTCONN;
    case WSAESHUTDOWN:
      return UV__EPIPE;
    case WSAETIMEDOUT:
      return UV__ETIMEDOUT;
    case WSAECONNREFUSED:
      return UV__ECONNREFUSED;
    case WSAELOOP:
      return UV__ELOOP;
    case WSAENAMETOOLONG:
      return UV__ENAMETOOLONG;
    case WSAEHOSTDOWN:
      return UV__EHOSTDOWN;
    case WSAEHOSTUNREACH:
      return UV__EHOSTUNREACH;
    case WSAEDISCON:
      return UV__EOF;
    case WSAHOST_NOT_FOUND:
    case WSANO_DATA:
      return UV__ENOENT;
    default:
      return UV__UNKNOWN;
  }
}

Status FromWin32(uint32_t error) {
  switch (error) {
    case ERROR_SUCCESS:
      return kOk;
    case ERROR_IO_PENDING:
    case ERROR_NO_DATA:
      return UV__EAGAIN;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_INVALID_DRIVE:
    case ERROR_DIRECTORY:
      return UV__ENOENT;
    case ERROR_TOO_MANY_OPEN_FILES:
      return UV__EMFILE;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
      return UV__EPERM;
    case kErrorElevationRequired:
    case ERROR_CANT_ACCESS_FILE:
      return UV__EACCES;
    case ERROR_INVALID_HANDLE:
    case ERROR_INVALID_FLAGS:
      return UV__EBADF;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
      return UV__ENOMEM;
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_PAGEFILE_QUOTA:
    case ERROR_NOT_ENOUGH_QUOTA:
      return UV__ENOBUFS;
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_PIPE_BUSY:
      return UV__EBUSY;
    case ERROR_NOT_SUPPORTED:
    case ERROR_CALL_NOT_IMPLEMENTED:
      return UV__ENOTSUP;
    case ERROR_INVALID_PARAMETER:
    case ERROR_INSUFFICIENT_BUFFER:
    case ERROR_INVALID_DATA:
      return UV__EINVAL;
    case ERROR_BUFFER_OVERFLOW:
    case ERROR_FILENAME_EXCED_RANGE:
      return UV__ENAMETOOLONG;
    case ERROR_SEM_TIMEOUT:
    case ERROR_TIMEOUT:
    case WAIT_TIMEOUT:
      return UV__ETIMEDOUT;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
      return UV__EEXIST;
    case ERROR_NOACCESS:
      return UV__EFAULT;
    case ERROR_OPERATION_ABORTED:
      return UV__ECANCELED;
    case ERROR_IO_DEVICE:
    case ERROR_GEN_FAILURE:
      return UV__EIO;
    case ERROR_NO_UNICODE_TRANSLATION:
      return UV__ECHARSET;
    // A pipe whose other end has closed, and one that the server has disconnected.
    case ERROR_BROKEN_PIPE:
    case ERROR_HANDLE_EOF:
      return UV__EOF;
    case ERROR_BAD_PIPE:
    case ERROR_PIPE_NOT_CONNECTED:
      return UV__EPIPE;
    // TCP's failures as the file system's view of a socket reports them.
    case ERROR_NETNAME_DELETED:
      return UV__ECONNRESET;
    case ERROR_CONNECTION_REFUSED:
      return UV__ECONNREFUSED;
    case ERROR_GRACEFUL_DISCONNECT:
      return UV__EOF;
    case ERROR_ADDRESS_ALREADY_ASSOCIATED:
      return UV__EADDRINUSE;
    case ERROR_NOT_CONNECTED:
    case ERROR_CONNECTION_INVALID:
      return UV__ENOTCONN;
    case ERROR_NETWORK_UNREACHABLE:
    case ERROR_PROTOCOL_UNREACHABLE:
    case ERROR_BAD_NETPATH:
      return UV__ENETUNREACH;
    case ERROR_HOST_UNREACHABLE:
      return UV__EHOSTUNREACH;
    case ERROR_PORT_UNREACHABLE:
      return UV__ECONNRESET;
    case ERROR_REQUEST_ABORTED:
      return UV__ECANCELED;
    case ERROR_CONNECTION_ABORTED:
      return UV__ECONNABORTED;
    case ERROR_UNEXP_NET_ERR:
    case ERROR_NETWORK_BUSY:
      return UV__ENETDOWN;
    default:
      return UV__UNKNOWN;
  }
}

Status Narrow(Status status, During during) {
  if (during != During::kSend) return status;
  // An overlapped send that "would block" found too many in flight.
  if (status == UV__EAGAIN) return UV__ENOBUFS;
  return status == UV__EOF ? UV__EPIPE : status;
}

// libuv's uv__ntstatus_to_winsock_error, and what Wine says of an operation whose socket was closed
// under it: STATUS_OBJECT_TYPE_MISMATCH, of which libuv makes WSAENOTSOCK.
uint32_t ToWinsock(uint32_t ntstatus) {
  switch (static_cast<NTSTATUS>(ntstatus)) {
    case STATUS_CANCELLED:
    case STATUS_REQUEST_ABORTED:
    case STATUS_OBJECT_TYPE_MISMATCH:
      return WSAEINTR;
    case STATUS_INVALID_HANDLE:
      return WSAENOTSOCK;
    case STATUS_ACCESS_DENIED:
      return WSAEACCES;
    case STATUS_BUFFER_OVERFLOW:
    case STATUS_INVALID_BUFFER_SIZE:
      return WSAEMSGSIZE;
    case STATUS_BUFFER_TOO_SMALL:
    case STATUS_ACCESS_VIOLATION:
      return WSAEFAULT;
    case STATUS_DEVICE_NOT_READY:
    case STATUS_REQUEST_NOT_ACCEPTED:
      return WSAEWOULDBLOCK;
    case STATUS_REMOTE_DISCONNECT:
    case STATUS_CONNECTION_RESET:
    case STATUS_CONNECTION_DISCONNECTED:
    case STATUS_LINK_FAILED:
    case STATUS_PORT_UNREACHABLE:
    case STATUS_HOPLIMIT_EXCEEDED:
      return WSAECONNRESET;
    case STATUS_LOCAL_DISCONNECT:
    case STATUS_TRANSACTION_ABORTED:
    case STATUS_CONNECTION_ABORTED:
      return WSAECONNABORTED;
    case STATUS_REMOTE_NOT_LISTENING:
    case STATUS_CONNECTION_REFUSED:
      return WSAECONNREFUSED;
    case STATUS_LINK_TIMEOUT:
    case STATUS_IO_TIMEOUT:
    case STATUS_TIMEOUT:
      return WSAETIMEDOUT;
    case STATUS_BAD_NETWORK_PATH:
    case STATUS_NETWORK_UNREACHABLE:
    case STATUS_PROTOCOL_UNREACHABLE:
      return WSAENETUNREACH;
    case STATUS_HOST_UNREACHABLE:
      return WSAEHOSTUNREACH;
    case STATUS_SHARING_VIOLATION:
    case STATUS_TOO_MANY_ADDRESSES:
    case STATUS_ADDRESS_ALREADY_EXISTS:
      return WSAEADDRINUSE;
    case STATUS_CONFLICTING_ADDRESSES:
    case STATUS_INVALID_ADDRESS:
    case STATUS_INVALID_ADDRESS_COMPONENT:
      return WSAEADDRNOTAVAIL;
    case STATUS_INSUFFICIENT_RESOURCES:
    case STATUS_PAGEFILE_QUOTA:
    case STATUS_COMMITMENT_LIMIT:
    case STATUS_WORKING_SET_QUOTA:
    case STATUS_NO_MEMORY:
    case STATUS_QUOTA_EXCEEDED:
    case STATUS_TOO_MANY_PAGING_FILES:
    case STATUS_REMOTE_RESOURCES:
      return WSAENOBUFS;
    case STATUS_INVALID_CONNECTION:
      return WSAENOTCONN;
    case STATUS_PIPE_DISCONNECTED:
      return WSAESHUTDOWN;
    case STATUS_GRACEFUL_DISCONNECT:
      return WSAEDISCON;
    case STATUS_NO_SUCH_DEVICE:
    case STATUS_NO_SUCH_FILE:
    case STATUS_OBJECT_NAME_NOT_FOUND:
    case STATUS_OBJECT_PATH_NOT_FOUND:
    case STATUS_INVALID_NETWORK_RESPONSE:
    case STATUS_NETWORK_BUSY:
    case STATUS_UNEXPECTED_NETWORK_ERROR:
      return WSAENETDOWN;
    case STATUS_NOT_SUPPORTED:
    case STATUS_NOT_IMPLEMENTED:
      return WSAEOPNOTSUPP;
    default:
      return WSAEINVAL;
  }
}

}  // namespace

Status FromSystemError(uint32_t error, During during) {
  // Of a pipe: no bytes for a reader, no reader for a writer.
  if (error == ERROR_NO_DATA && during == During::kSend) return UV__EPIPE;
  // Of sockets alone, as in libuv: a pipe's ERROR_CONNECTION_ABORTED keeps its name.
  if (error == WSAECONNABORTED && during == During::kReceive) return UV__ECONNRESET;
  return Narrow(error >= WSABASEERR ? FromWinsock(error) : FromWin32(error), during);
}

Status LastSocketError(During during) {
  return FromSystemError(static_cast<uint32_t>(::WSAGetLastError()), during);
}

Status FromNtStatus(uint32_t ntstatus, During during, EndpointKind kind) {
  // Warnings and errors have the top bit; everything else is some kind of success.
  if (static_cast<int32_t>(ntstatus) >= 0 && ntstatus != STATUS_TIMEOUT) return kOk;
  // Wine, of an operation whose handle was closed under it.
  if (static_cast<NTSTATUS>(ntstatus) == STATUS_HANDLES_CLOSED) return UV__ECANCELED;
  // Drivers pass errors of Win32 on like this.
  if (HRESULT_FACILITY(ntstatus) == FACILITY_WIN32) {
    return FromSystemError(ntstatus & 0xFFFF, during);
  }
  return FromSystemError(kind == EndpointKind::kTcp
                             ? ToWinsock(ntstatus)
                             : ::RtlNtStatusToDosError(static_cast<NTSTATUS>(ntstatus)),
                         during);
}

}  // namespace iocp_net

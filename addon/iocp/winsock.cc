#include "iocp/winsock.h"

#include "iocp/errors.h"

namespace iocp_net {

namespace {

template <typename Function>
Status GetExtension(SOCKET socket, GUID id, Function* function) {
  DWORD bytes = 0;
  if (::WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), function,
                 sizeof(*function), &bytes, nullptr, nullptr) == 0) {
    return kOk;
  }
  // A provider that does not know the function; libuv's name for it.
  const int error = ::WSAGetLastError();
  if (error == WSAEINVAL || error == WSAEOPNOTSUPP) return UV__EAFNOSUPPORT;
  return FromSystemError(static_cast<uint32_t>(error));
}

}  // namespace

Status WinsockSession::Start() {
  WSADATA data;
  const int error = ::WSAStartup(MAKEWORD(2, 2), &data);
  if (error != 0) return FromSystemError(static_cast<uint32_t>(error));
  started_ = true;
  return kOk;
}

Status Provider::Of(int family, Provider* provider) {
  const Socket probe(::WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                                  WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
  if (!probe.valid()) return LastSocketError();
  Provider found;
  Status status = GetExtension(probe.get(), WSAID_ACCEPTEX, &found.accept_ex);
  if (status == kOk) status = GetExtension(probe.get(), WSAID_CONNECTEX, &found.connect_ex);
  if (status != kOk) return status;
  WSAPROTOCOL_INFOW info{};
  int length = sizeof(info);
  if (::getsockopt(probe.get(), SOL_SOCKET, SO_PROTOCOL_INFOW, reinterpret_cast<char*>(&info),
                   &length) == 0) {
    found.skip_on_success = (info.dwServiceFlags1 & XP1_IFS_HANDLES) != 0;
  }
  *provider = found;
  return kOk;
}

Status OpenSocket(int family, Socket* socket) {
  Socket fresh(::WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                            WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
  u_long on = 1;
  if (!fresh.valid() || ::ioctlsocket(fresh.get(), static_cast<long>(FIONBIO), &on) != 0) {
    return LastSocketError();
  }
  *socket = std::move(fresh);
  return kOk;
}

Status SetFlag(SOCKET socket, int level, int name, int value) {
  return ::setsockopt(socket, level, name, reinterpret_cast<const char*>(&value), sizeof(value)) ==
                 0
             ? kOk
             : LastSocketError();
}

}  // namespace iocp_net

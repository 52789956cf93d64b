#include "iocp/winsock.h"

#include "iocp/errors.h"

namespace iocp_net {

namespace {

template <typename Function>
void GetExtension(SOCKET socket, GUID id, Function* function) {
  DWORD bytes = 0;
  if (::WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), function,
                 sizeof(*function), &bytes, nullptr, nullptr) != 0) {
    *function = nullptr;
  }
}

}  // namespace

Status WinsockSession::Start() {
  WSADATA data;
  const int error = ::WSAStartup(MAKEWORD(2, 2), &data);
  if (error != 0) return FromSystemError(static_cast<uint32_t>(error));
  started_ = true;
  return kOk;
}

Provider Provider::Of(int family) {
  Provider provider;
  const Socket probe(::WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                                  WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
  if (!probe.valid()) return provider;
  GetExtension(probe.get(), WSAID_ACCEPTEX, &provider.accept_ex);
  GetExtension(probe.get(), WSAID_CONNECTEX, &provider.connect_ex);
  WSAPROTOCOL_INFOW info{};
  int length = sizeof(info);
  if (::getsockopt(probe.get(), SOL_SOCKET, SO_PROTOCOL_INFOW, reinterpret_cast<char*>(&info),
                   &length) == 0) {
    provider.skip_on_success = (info.dwServiceFlags1 & XP1_IFS_HANDLES) != 0;
  }
  return provider;
}

Status OpenSocket(int family, Socket* socket) {
  Socket fresh(::WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                            WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
  u_long on = 1;
  if (!fresh.valid() || ::ioctlsocket(fresh.get(), static_cast<long>(FIONBIO), &on) != 0) {
    return FromSystemError(static_cast<uint32_t>(::WSAGetLastError()));
  }
  *socket = std::move(fresh);
  return kOk;
}

Status SetFlag(SOCKET socket, int level, int name, int value) {
  return ::setsockopt(socket, level, name, reinterpret_cast<const char*>(&value), sizeof(value)) ==
                 0
             ? kOk
             : FromSystemError(static_cast<uint32_t>(::WSAGetLastError()));
}

}  // namespace iocp_net

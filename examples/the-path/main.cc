// The path from WSAStartup to a completion port, one step after the other, with the errors that
// wait beside it. docs/the-path.md describes it; this program shows it.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "path.h"

namespace path {

namespace {

struct Name {
  DWORD error;
  const char* text;
};

constexpr Name kNames[] = {
    {WSANOTINITIALISED, "WSANOTINITIALISED"}, {WSAEINVAL, "WSAEINVAL"},
    {WSAEADDRINUSE, "WSAEADDRINUSE"},         {WSAENOTCONN, "WSAENOTCONN"},
    {WSA_IO_PENDING, "WSA_IO_PENDING"},       {ERROR_INVALID_PARAMETER, "ERROR_INVALID_PARAMETER"},
    {ERROR_NOT_FOUND, "ERROR_NOT_FOUND"},     {ERROR_OPERATION_ABORTED, "ERROR_OPERATION_ABORTED"},
};

}  // namespace

void Report(const char* what, DWORD error) {
  if (error == 0) {
    Say("%s: worked", what);
    return;
  }
  for (const Name& name : kNames) {
    if (name.error == error) {
      Say("%s: %s (%lu)", what, name.text, error);
      return;
    }
  }
  Say("%s: error %lu", what, error);
}

void Say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::printf("\n");
  std::fflush(stdout);
}

void Must(const char* what, bool worked) {
  if (worked) return;
  Say("%s failed: WSA %d, Win32 %lu", what, WSAGetLastError(), GetLastError());
  std::exit(1);
}

sockaddr_in Loopback(u_short port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

u_short PortOf(SOCKET socket) {
  sockaddr_in address{};
  int length = sizeof(address);
  Must("getsockname", getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return ntohs(address.sin_port);
}

SOCKET ConnectedTo(u_short port) {
  const SOCKET client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  const sockaddr_in address = Loopback(port);
  Must("connect",
       connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  return client;
}

}  // namespace path

int main() {
  path::Startup();
  path::OverlappedSocket();
  const SOCKET listener = path::Listen();
  const HANDLE port = path::CompletionPort(listener);
  SOCKET client = INVALID_SOCKET;
  const SOCKET accepted = path::Accept(listener, port, &client);
  path::ReceiveNothing(accepted, port, client);
  path::Cancel(accepted, port);
  closesocket(client);
  closesocket(accepted);
  closesocket(listener);
  CloseHandle(port);
  WSACleanup();
  path::Say("the end of the path");
  return 0;
}

// Step 1: Winsock has to be asked in.
#include "path.h"

namespace path {

void Startup() {
  // [too-early]
  const SOCKET early = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  Report("a socket before WSAStartup",
         early == INVALID_SOCKET ? static_cast<DWORD>(WSAGetLastError()) : 0);
  // [/too-early]

  // [startup]
  WSADATA data;
  const int error = WSAStartup(MAKEWORD(2, 2), &data);  // its answer is the error itself
  // [/startup]
  Report("WSAStartup 2.2", static_cast<DWORD>(error));
  Must("WSAStartup", error == 0);
}

}  // namespace path

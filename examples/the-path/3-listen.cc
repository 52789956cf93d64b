// Step 3: bind, then listen; and a port that somebody has.
#include "path.h"

namespace path {

SOCKET Listen() {
  const SOCKET listener =
      WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
  // [too-early]
  Report("listen before bind",
         listen(listener, 511) == 0 ? 0 : static_cast<DWORD>(WSAGetLastError()));
  // [/too-early]

  // [listen]
  const sockaddr_in any = Loopback(0);  // port 0: the system chooses a free one
  Must("bind", bind(listener, reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0);
  Must("listen", listen(listener, 511) == 0);
  // [/listen]
  Report("bind, then listen", 0);

  // [taken]
  const SOCKET second =
      WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
  const sockaddr_in taken = Loopback(PortOf(listener));
  const int bound = bind(second, reinterpret_cast<const sockaddr*>(&taken), sizeof(taken));
  Report("bind to a port that is taken", bound == 0 ? 0 : static_cast<DWORD>(WSAGetLastError()));
  // [/taken]
  closesocket(second);
  return listener;
}

}  // namespace path

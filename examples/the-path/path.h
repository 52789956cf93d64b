// What the steps share: how they report what happened, and a client that blocks.
#ifndef IOCP_NET_EXAMPLES_THE_PATH_H_
#define IOCP_NET_EXAMPLES_THE_PATH_H_

#include <winsock2.h>
//
#include <mswsock.h>
#include <windows.h>

namespace path {

// Prints "what: worked", or "what: WSAEINVAL (10022)".
void Report(const char* what, DWORD error);
void Say(const char* format, ...);
// What cannot fail here; ends the program when it does.
void Must(const char* what, bool worked);

sockaddr_in Loopback(u_short port);
u_short PortOf(SOCKET socket);
SOCKET ConnectedTo(u_short port);  // blocking, as every program begins

// The steps, in order; each builds on what the ones before it have shown.
void Startup();
void OverlappedSocket();
SOCKET Listen();
HANDLE CompletionPort(SOCKET listener);
SOCKET Accept(SOCKET listener, HANDLE port, SOCKET* client);
void ReceiveNothing(SOCKET accepted, HANDLE port, SOCKET client);
void Cancel(SOCKET accepted, HANDLE port);

}  // namespace path

#endif  // IOCP_NET_EXAMPLES_THE_PATH_H_

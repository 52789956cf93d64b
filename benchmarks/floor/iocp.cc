// After winsock2.h.
#include <winsock2.h>
#include <ws2tcpip.h>
// clang-format off
#include <windows.h>
// clang-format on

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "failure.h"
#include "floor.h"

namespace iocp_net::bench {

namespace {

constexpr ULONG kEventsMax = 256;

// One operation at a time: a receive, or the send that answers it.
struct Connection {
  OVERLAPPED overlapped{};
  SOCKET socket = INVALID_SOCKET;
  bool sending = false;
  size_t rest = 0;  // of an unfinished request
  size_t owed = 0;  // bytes to send: of the buffer (echo), or of our own
  size_t at = 0;    // position in the buffer (echo), or in the response under way
  std::vector<uint8_t> buffer = std::vector<uint8_t>(kBufferBytes);
};

class Floor {
 public:
  explicit Floor(const FloorOptions& options) : answers_(options) {}

  void Run() {
    WSADATA data;
    if (::WSAStartup(MAKEWORD(2, 2), &data) != 0) Fail("WSAStartup");
    port_ = ::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1);
    const SOCKET listener =
        ::WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int length = sizeof(address);
    if (port_ == nullptr || listener == INVALID_SOCKET ||
        ::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener, SOMAXCONN) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      Fail("listen", ::WSAGetLastError());
    }
    PrintListening(ntohs(address.sin_port));
    std::thread([this, listener] { Accept(listener); }).detach();
    for (;;) Turn();
  }

 private:
  void Accept(SOCKET listener) const {
    for (;;) {
      const SOCKET socket = ::accept(listener, nullptr, nullptr);
      if (socket == INVALID_SOCKET) continue;
      const BOOL on = TRUE;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on),
                   sizeof(on));
      Connection* const connection = std::make_unique<Connection>().release();  // to Close
      connection->socket = socket;
      ::CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket), port_,
                               reinterpret_cast<ULONG_PTR>(connection), 0);
      Receive(connection);
    }
  }

  void Turn() const {
    OVERLAPPED_ENTRY entries[kEventsMax];
    ULONG count = 0;
    if (::GetQueuedCompletionStatusEx(port_, entries, kEventsMax, &count, INFINITE, FALSE) == 0) {
      Fail("GetQueuedCompletionStatusEx", static_cast<int32_t>(::GetLastError()));
    }
    for (ULONG i = 0; i < count; i++) {
      OnCompletion(reinterpret_cast<Connection*>(entries[i].lpCompletionKey),
                   entries[i].dwNumberOfBytesTransferred);
    }
  }

  void OnCompletion(Connection* connection, size_t bytes) const {
    if (bytes == 0) return Close(connection);  // the end, or a failure
    if (connection->sending) {
      connection->owed -= bytes;
      connection->at += bytes;
      if (!answers_.Echoes()) connection->at %= answers_.Period();
    } else if (answers_.Echoes()) {
      connection->owed = bytes;
      connection->at = 0;
    } else {
      connection->owed += answers_.Owed(bytes, &connection->rest);
    }
    if (connection->owed > 0) {
      Send(connection);
    } else {
      Receive(connection);
    }
  }

  static void Receive(Connection* connection) {
    connection->sending = false;
    connection->overlapped = {};
    WSABUF buffer{static_cast<ULONG>(connection->buffer.size()),
                  reinterpret_cast<char*>(connection->buffer.data())};
    DWORD flags = 0;
    const int result = ::WSARecv(connection->socket, &buffer, 1, nullptr, &flags,
                                 &connection->overlapped, nullptr);
    if (result != 0 && ::WSAGetLastError() != WSA_IO_PENDING) Close(connection);
  }

  void Send(Connection* connection) const {
    connection->sending = true;
    connection->overlapped = {};
    const uint8_t* from = connection->buffer.data() + connection->at;
    size_t length = connection->owed;
    if (!answers_.Echoes()) {
      from = answers_.From(connection->at);
      length = std::min({length, kBufferBytes, answers_.Period() - connection->at});
    }
    WSABUF buffer{static_cast<ULONG>(length), reinterpret_cast<char*>(const_cast<uint8_t*>(from))};
    const int result =
        ::WSASend(connection->socket, &buffer, 1, nullptr, 0, &connection->overlapped, nullptr);
    if (result != 0 && ::WSAGetLastError() != WSA_IO_PENDING) Close(connection);
  }

  static void Close(Connection* connection) {
    const std::unique_ptr<Connection> owned(connection);
    ::closesocket(owned->socket);
  }

  FloorAnswers answers_;
  HANDLE port_ = nullptr;
};

}  // namespace

void Serve(const FloorOptions& options) { Floor(options).Run(); }

}  // namespace iocp_net::bench

// Handles and sockets with one owner.
#ifndef IOCP_NET_IOCP_HANDLE_H_
#define IOCP_NET_IOCP_HANDLE_H_

// winsock2.h before windows.h, which would otherwise bring in the first Winsock.
#include <winsock2.h>
//
#include <windows.h>

#include <cstdint>
#include <utility>

namespace iocp_net {

// INVALID_SOCKET and INVALID_HANDLE_VALUE are the same bits, and a socket is a kernel handle; but
// each must be closed by its own call.
inline HANDLE AsHandle(SOCKET socket) { return reinterpret_cast<HANDLE>(socket); }
inline SOCKET AsSocket(HANDLE handle) { return reinterpret_cast<SOCKET>(handle); }

class Handle {
 public:
  Handle() = default;
  // Some calls fail with null, others with INVALID_HANDLE_VALUE.
  explicit Handle(HANDLE handle) : handle_(handle == nullptr ? INVALID_HANDLE_VALUE : handle) {}
  Handle(Handle&& other) noexcept : handle_(other.Release()) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (valid()) ::CloseHandle(handle_);
  }

  HANDLE get() const { return handle_; }
  bool valid() const { return handle_ != INVALID_HANDLE_VALUE; }
  HANDLE Release() { return std::exchange(handle_, INVALID_HANDLE_VALUE); }
  void Close() { Handle(std::move(*this)); }

 private:
  HANDLE handle_ = INVALID_HANDLE_VALUE;
};

class Socket {
 public:
  Socket() = default;
  explicit Socket(SOCKET socket) : socket_(socket) {}
  Socket(Socket&& other) noexcept : socket_(other.Release()) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (valid()) ::closesocket(socket_);
  }

  SOCKET get() const { return socket_; }
  bool valid() const { return socket_ != INVALID_SOCKET; }
  SOCKET Release() { return std::exchange(socket_, INVALID_SOCKET); }
  void Close() { Socket(std::move(*this)); }

 private:
  SOCKET socket_ = INVALID_SOCKET;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_HANDLE_H_

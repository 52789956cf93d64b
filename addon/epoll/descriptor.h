// A file descriptor with one owner.
#ifndef IOCP_NET_EPOLL_DESCRIPTOR_H_
#define IOCP_NET_EPOLL_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace iocp_net {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  // close() is never retried: on Linux the descriptor is gone even after EINTR.
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace iocp_net

#endif  // IOCP_NET_EPOLL_DESCRIPTOR_H_

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "failure.h"
#include "floor.h"

namespace iocp_net::bench {

namespace {

constexpr int kBacklog = 2048;
constexpr int kEventsMax = 256;

struct Connection {
  int fd = -1;
  size_t rest = 0;               // of an unfinished request
  size_t owed = 0;               // bytes of our own
  size_t at = 0;                 // position in the response under way
  std::vector<uint8_t> waiting;  // echo: what the kernel did not take
};

class Floor {
 public:
  explicit Floor(const FloorOptions& options) : answers_(options), buffer_(kBufferBytes) {}

  void Run() {
    set_ = ::epoll_create1(EPOLL_CLOEXEC);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    if (set_ < 0 || listener_ < 0 ||
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener_, kBacklog) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      Fail("listen", -errno);
    }
    Watch(EPOLL_CTL_ADD, listener_, nullptr, EPOLLIN);
    PrintListening(ntohs(address.sin_port));
    for (;;) Turn();
  }

 private:
  void Watch(int operation, int fd, Connection* connection, uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = connection;
    if (::epoll_ctl(set_, operation, fd, &event) != 0) Fail("epoll_ctl", -errno);
  }

  void Turn() {
    epoll_event events[kEventsMax];
    const int count = ::epoll_wait(set_, events, kEventsMax, -1);
    for (int i = 0; i < count; i++) {
      auto* const connection = static_cast<Connection*>(events[i].data.ptr);
      if (connection == nullptr) {
        Accept();
      } else if ((events[i].events & EPOLLOUT) != 0) {
        Continue(connection);
      } else {
        Receive(connection);
      }
    }
  }

  void Accept() const {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      Connection* const connection = std::make_unique<Connection>().release();  // to Close
      connection->fd = fd;
      Watch(EPOLL_CTL_ADD, fd, connection, EPOLLIN);
    }
  }

  static void Close(Connection* connection) {
    const std::unique_ptr<Connection> owned(connection);
    ::close(owned->fd);
  }

  void Receive(Connection* connection) {
    const ssize_t received = ::recv(connection->fd, buffer_.data(), buffer_.size(), 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return Close(connection);
    const auto length = static_cast<size_t>(received);
    if (!answers_.Echoes()) {
      connection->owed += answers_.Owed(length, &connection->rest);
      if (!SendOwn(connection)) Watch(EPOLL_CTL_MOD, connection->fd, connection, EPOLLOUT);
      return;
    }
    const ssize_t sent = ::send(connection->fd, buffer_.data(), length, MSG_NOSIGNAL);
    const size_t taken = sent > 0 ? static_cast<size_t>(sent) : 0;
    if (taken < length) {
      connection->waiting.assign(buffer_.begin() + static_cast<std::ptrdiff_t>(taken),
                                 buffer_.begin() + received);
      Watch(EPOLL_CTL_MOD, connection->fd, connection, EPOLLOUT);
    }
  }

  // Whether everything has left.
  bool SendOwn(Connection* connection) const {
    while (connection->owed > 0) {
      const size_t part =
          std::min({connection->owed, kBufferBytes, answers_.Period() - connection->at});
      const ssize_t sent =
          ::send(connection->fd, answers_.From(connection->at), part, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      connection->owed -= static_cast<size_t>(sent);
      connection->at = (connection->at + static_cast<size_t>(sent)) % answers_.Period();
    }
    return true;
  }

  void Continue(Connection* connection) {
    if (answers_.Echoes()) {
      std::vector<uint8_t>& waiting = connection->waiting;
      const ssize_t sent = ::send(connection->fd, waiting.data(), waiting.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return Close(connection);
      if (sent > 0) waiting.erase(waiting.begin(), waiting.begin() + sent);
      if (!waiting.empty()) return;
    } else if (!SendOwn(connection)) {
      return;
    }
    Watch(EPOLL_CTL_MOD, connection->fd, connection, EPOLLIN);
  }

  FloorAnswers answers_;
  std::vector<uint8_t> buffer_;
  int set_ = -1;
  int listener_ = -1;
};

}  // namespace

void Serve(const FloorOptions& options) { Floor(options).Run(); }

}  // namespace iocp_net::bench

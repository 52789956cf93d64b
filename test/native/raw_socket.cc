#ifdef __linux__
#include "raw_socket.h"

#include <doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace iocp_net::test {

Descriptor ConnectTo(uint16_t number) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

void SendAll(const Descriptor& socket, const std::string& bytes, int flags) {
  REQUIRE(::send(socket.get(), bytes.data(), bytes.size(), flags) ==
          static_cast<ssize_t>(bytes.size()));
}

void SendWithDescriptor(const Descriptor& socket, const std::string& bytes) {
  iovec vector{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int given = socket.get();
  std::memcpy(CMSG_DATA(header), &given, sizeof(given));
  REQUIRE(::sendmsg(socket.get(), &message, 0) == static_cast<ssize_t>(bytes.size()));
}

}  // namespace iocp_net::test

#endif  // __linux__

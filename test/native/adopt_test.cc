// Sockets that were opened elsewhere, and duplicates of the port's own.
#include <doctest.h>

#include "harness.h"

#ifndef _WIN32
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#endif

namespace iocp_net::test {

#ifdef _WIN32

TEST_CASE("descriptors of elsewhere are not carried here") {
  Harness port;
  Status status = kOk;
  CHECK(port.Adopt(3, 0, &status) == nullptr);
  CHECK(status == UV__ENOTSUP);
  CHECK(port.Adopt(3, kAdoptListener, &status) == nullptr);
  CHECK(status == UV__ENOTSUP);
  const auto listener = port.Listen();
  CHECK(port.engine().Duplicate(listener->index, listener->generation) == UV__ENOTSUP);
  port.CloseAll();
}

#else

namespace {

std::pair<int, int> SocketPair() {
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {ends[0], ends[1]};
}

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("adopt: a connected socket, taken over") {
  Harness port;
  const auto [mine, theirs] = SocketPair();
  const auto stream = port.Adopt(mine, 0);
  CHECK(port.AdoptedKind() == EndpointKind::kPipe);
  port.Receive(*stream);
  REQUIRE(::send(theirs, "hello", 5, 0) == 5);
  port.Until("bytes", [&] { return stream->received == "hello"; });
  port.Write(*stream, "world");
  port.Turn(0);
  char text[8] = "";
  CHECK(::recv(theirs, text, sizeof(text), 0) == 5);
  CHECK(std::string(text) == "world");
  port.Close(*stream);
  port.Until("closed", [&] { return stream->closed; });
  CHECK_FALSE(IsOpen(mine));
  CHECK(::recv(theirs, text, sizeof(text), 0) == 0);
  ::close(theirs);
}

TEST_CASE("adopt: what has arrived before is received") {
  Harness port;
  const auto [mine, theirs] = SocketPair();
  REQUIRE(::send(theirs, "early", 5, 0) == 5);
  ::close(theirs);
  const auto stream = port.Adopt(mine, 0);
  port.Receive(*stream);
  port.Until("the end", [&] { return stream->ended; });
  CHECK(stream->received == "early");
  port.CloseAll();
}

TEST_CASE("adopt: a duplicate leaves the caller its own") {
  Harness port;
  const auto [mine, theirs] = SocketPair();
  const auto stream = port.Adopt(mine, kAdoptDuplicate);
  CHECK(IsOpen(mine));
  port.Close(*stream);
  port.Until("closed", [&] { return stream->closed; });
  CHECK(IsOpen(mine));
  // The socket lives on under the other descriptor, and reports nothing to the port any more: the
  // slot may be anybody's.
  const auto [other, peer] = SocketPair();
  const auto next = port.Adopt(other, 0);
  port.Receive(*next);
  REQUIRE(::send(theirs, "not for the port", 16, 0) == 16);
  port.Settle();
  CHECK(next->received.empty());
  char text[32] = "";
  CHECK(::recv(mine, text, sizeof(text), 0) == 16);
  port.CloseAll();
  ::close(mine);
  ::close(theirs);
  ::close(peer);
}

TEST_CASE("adopt: a listener, bound elsewhere") {
  Harness port;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  const auto listener = port.Adopt(fd, kAdoptListener);
  CHECK(port.AdoptedKind() == EndpointKind::kTcp);
  const auto [client, server] = port.Connected(listener);
  port.Write(*client, "over an adopted listener");
  port.Until("bytes", [&] { return server->received == "over an adopted listener"; });
  port.CloseAll();
  CHECK_FALSE(IsOpen(fd));
}

TEST_CASE("adopt: what the port cannot carry stays the caller's") {
  Harness port;
  Status status = kOk;
  const auto refused = [&](int fd, int32_t flags) {
    CHECK(port.Adopt(fd, flags, &status) == nullptr);
    CHECK(IsOpen(fd));
    ::close(fd);
    return status;
  };
  CHECK(refused(::open("/dev/null", O_RDONLY | O_CLOEXEC), 0) == UV__ENOTSUP);
  CHECK(refused(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), 0) == UV__ENOTSUP);
  CHECK(refused(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), kAdoptListener) ==
        UV__ENOTSUP);
  CHECK(refused(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0) == -ENOTCONN);
  const auto [mine, theirs] = SocketPair();
  CHECK(refused(mine, kAdoptListener) == -EINVAL);
  ::close(theirs);
  CHECK(port.Adopt(1 << 20, 0, &status) == nullptr);
  CHECK(status == -EBADF);
  CHECK(port.engine().OpenEndpoints() == 0);
}

TEST_CASE("adopt: the same descriptor twice") {
  Harness port;
  const auto [mine, theirs] = SocketPair();
  const auto stream = port.Adopt(mine, 0);
  Status status = kOk;
  CHECK(port.Adopt(mine, 0, &status) == nullptr);
  CHECK(status == -EEXIST);
  CHECK(IsOpen(mine));
  port.CloseAll();
  ::close(theirs);
}

TEST_CASE("duplicate: the connection goes on where it was handed to") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  port.Write(*server, "written before");
  const auto copy = static_cast<int>(port.engine().Duplicate(server->index, server->generation));
  REQUIRE(copy > STDERR_FILENO);
  port.Close(*server);
  port.Until("closed", [&] { return server->closed; });
  port.Until("the bytes", [&] { return client->received == "written before"; });
  port.Settle();
  CHECK_FALSE(client->Over());
  REQUIRE(::send(copy, " and after", 10, 0) == 10);
  port.Until("more", [&] { return client->received == "written before and after"; });
  ::close(copy);
  port.Until("the end", [&] { return client->Over(); });
  port.CloseAll();
}

TEST_CASE("hand over: a Unix listener's file stays") {
  Harness port;
  const std::string path = "/tmp/iocp-net-adopt-" + std::to_string(::getpid());
  Address address;
  address.kind = EndpointKind::kPipe;
  address.host = path;
  const auto listener = port.Listen(nullptr, address);
  port.Close(*listener, CloseHow::kHandOver);
  port.Until("closed", [&] { return listener->closed; });
  CHECK(::access(path.c_str(), F_OK) == 0);
  CHECK(::unlink(path.c_str()) == 0);
}

#endif

}  // namespace iocp_net::test

// What only Linux has: edges that come once, descriptors that run out, urgent bytes.
#ifdef __linux__
#include <doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "epoll/descriptor.h"
#include "harness.h"
#include "interpose_epoll.h"
#include "port/backend.h"
#include "raw_socket.h"

namespace iocp_net::test {

TEST_CASE("urgent bytes do not stop a connection from receiving what follows") {
  Harness port;
  const auto listener = port.Listen();
  const Descriptor peer = ConnectTo(port.PortOf(listener));
  port.Until("accepted", [&] { return listener->accepted.size() == 1; });
  const StreamPtr server = listener->accepted[0];
  port.Receive(*server);
  std::string wanted;
  for (int round = 0; round < 3; round++) {
    // A read stops at the mark, however much follows it.
    SendAll(peer, "before");
    SendAll(peer, "!", MSG_OOB);
    SendAll(peer, "after");
    wanted += "beforeafter";  // the urgent byte is out of band, as it is for node:net
    port.Until("what follows the mark", [&] { return server->received.size() >= wanted.size(); });
    CHECK(server->received == wanted);
  }
  port.CloseAll();
}

TEST_CASE("descriptors that come along with bytes do not stop a Unix socket from receiving") {
  Harness port;
  Address address;
  address.kind = EndpointKind::kPipe;
  address.host = std::string("\0iocp-net-test-", 15) + std::to_string(::getpid());
  Status status = kOk;
  const auto listener = port.Listen(&status, address);
  REQUIRE(status == kOk);
  Descriptor peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, address.host.data(), address.host.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.host.size());
  REQUIRE(::connect(peer.get(), reinterpret_cast<sockaddr*>(&name), length) == 0);
  port.Until("accepted", [&] { return listener->accepted.size() == 1; });
  const StreamPtr server = listener->accepted[0];

  SendWithDescriptor(peer, "with");
  SendAll(peer, "after");
  port.Receive(*server);
  port.Until("what follows", [&] { return server->received.size() >= 9; });
  CHECK(server->received == "withafter");
  port.CloseAll();
}

TEST_CASE("a send that finds no memory is tried again without an edge from the socket") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  port.Settle();
  send_fault = {ENOBUFS, 3};
  port.Write(*client, "small");
  port.Until("small", [&] { return server->received == "small"; });
  CHECK(send_fault.count == 0);
  send_fault = {ENOBUFS, 3};
  const std::string large = Pattern(100000);
  REQUIRE(port.Send(*client, large) == 0);
  port.Until("large", [&] { return server->received.size() == 5 + large.size(); });
  CHECK(client->sent == 2);
  CHECK(client->sent_status == kOk);
  port.CloseAll();
}

TEST_CASE("accept: errors of the connection that waited are passed over") {
  for (const int error : {ECONNABORTED, EPROTO, EINTR, ENETDOWN, EHOSTUNREACH}) {
    Harness port;
    const auto listener = port.Listen();
    accept_fault = {error, 2};
    const auto pair = port.Connected(listener);
    CHECK(accept_fault.count == 0);
    CHECK(listener->accept_failure == kOk);
    port.CloseAll();
  }
}

TEST_CASE(
    "accept: out of descriptors or memory, the listener rests, does not spin, and accepts again") {
  for (const int error : {ENFILE, EMFILE, ENOBUFS, ENOMEM}) {
    Harness port;
    const auto listener = port.Listen();
    accept_fault = {error, 1000000};
    const auto client = port.Connect(Harness::Loopback(port.PortOf(listener)));
    port.Until("reported", [&] { return listener->accept_failure != kOk; });
    CHECK(listener->accept_failure == -error);
    const int calls = accept_fault.count;
    listener->accept_failure = kOk;
    port.Settle();
    const auto second = port.Connect(Harness::Loopback(port.PortOf(listener)));  // a new edge
    port.Settle();
    CHECK(accept_fault.count == calls);
    CHECK_FALSE(port.engine().HasReady());
    CHECK(listener->accept_failure == kOk);
    // Too early: reported once more, and at rest again.
    port.Submit(Operation::kAcceptStart, *listener);
    port.Until("reported again", [&] { return listener->accept_failure != kOk; });
    // Out of descriptors, the reserve was tried, too.
    CHECK(accept_fault.count == calls - (error == ENFILE || error == EMFILE ? 2 : 1));
    accept_fault = {};
    port.Submit(Operation::kAcceptStart, *listener);
    port.Until("served", [&] { return listener->accepted.size() == 2; });
    port.CloseAll();
  }
}

TEST_CASE(
    "accept: a process without a descriptor left closes who waits, and serves the next ones") {
  Harness port;
  const auto listener = port.Listen();
  std::vector<Descriptor> clients;
  for (int i = 0; i < 5; i++) clients.emplace_back(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port.PortOf(listener));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int round = 0; round < 3; round++) {
    rlimit usual{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
    // Every number below the limit is taken.
    const Descriptor highest(::dup(0));
    rlimit tight = usual;
    tight.rlim_cur = static_cast<rlim_t>(highest.get()) + 1;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    for (const auto& client : clients) {
      CHECK(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    }
    port.Settle();
    const bool rests = !port.engine().HasReady();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
    CHECK(rests);
    CHECK(listener->accepted.empty());
    CHECK(listener->accept_failure == kOk);
    for (auto& client : clients) {
      char byte = 0;
      CHECK(::recv(client.get(), &byte, 1, 0) <= 0);  // its end, not a wait for ever
      client = Descriptor(::socket(AF_INET, SOCK_STREAM, 0));
    }
    // Without being started anew.
    const auto pair = port.Connected(listener);
    port.Write(*pair.client, "served");
    port.Until("served", [&] { return pair.server->received == "served"; });
    port.Close(*pair.client);
    port.Close(*pair.server);
    port.Until("closed", [&] { return pair.client->closed && pair.server->closed; });
    listener->accepted.clear();
  }
  port.CloseAll();
}

TEST_CASE(
    "accept: out of descriptors, a connection that is gone does not keep the others waiting") {
  Harness port;
  const auto listener = port.Listen();
  const Descriptor first = ConnectTo(port.PortOf(listener));
  const Descriptor second = ConnectTo(port.PortOf(listener));
  accept_fault = {EMFILE, 1};
  accept_fault_after = {ECONNABORTED, 2};
  port.Settle();
  CHECK(accept_fault_after.count == 0);
  CHECK(listener->accept_failure == kOk);
  for (const Descriptor* client : {&first, &second}) {
    char byte = 0;
    CHECK(::recv(client->get(), &byte, 1, 0) <= 0);
  }
  const auto pair = port.Connected(listener);
  CHECK(listener->accepted.size() == 1);
  port.CloseAll();
}

namespace {

// A child between fork and exec: it holds every descriptor until the end.
class Holder {
 public:
  Holder() : pid_(::fork()) {
    if (pid_ == 0) {
      for (;;) ::pause();
    }
    REQUIRE(pid_ > 0);
  }
  ~Holder() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("events of a socket that was closed while a child holds it reach nobody") {
  for (int tenant = 0; tenant < 3; tenant++) {
    Harness port;
    const auto listener = port.Listen();
    const Descriptor peer = ConnectTo(port.PortOf(listener));
    port.Until("accepted", [&] { return listener->accepted.size() == 1; });
    const StreamPtr server = listener->accepted[0];
    port.Receive(*server);
    port.Settle();
    const Holder child;
    port.Close(*server);
    port.Until("closed", [&] { return server->closed; });
    port.Settle();

    StreamPtr next;
    Descriptor other;
    std::vector<Descriptor> waiting;
    switch (tenant) {
      case 0: {  // a client that nobody accepts
        other = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address);
        const auto name = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(other.get(), name, length) == 0);
        REQUIRE(::listen(other.get(), 0) == 0);
        REQUIRE(::getsockname(other.get(), name, &length) == 0);
        for (int i = 0; i < 4; i++) {
          waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
          static_cast<void>(::connect(waiting.back().get(), name, length));
        }
        next = port.Connect(Harness::Loopback(ntohs(address.sin_port)));
        break;
      }
      case 1:  // a listener
        next = port.Listen();
        break;
      default: {  // a connection
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        other = Descriptor(ends[0]);
        next = port.Adopt(ends[1], 0);
        port.Receive(*next);
      }
    }
    REQUIRE(next->index == server->index);
    port.Settle();
    const double waits = port.Counted(kReceiveCalls);
    SendAll(peer, "late");
    CHECK(port.engine().backend().Wait(1000) > 0);  // the child's copy does report it
    CHECK_FALSE(port.engine().HasReady());
    SendAll(peer, "later");
    ::shutdown(peer.get(), SHUT_RDWR);
    port.Settle();
    CHECK(next->connected == (tenant == 2));
    CHECK(next->accepted.empty());
    CHECK(next->received.empty());
    CHECK_FALSE(next->Over());
    CHECK(port.Counted(kReceiveCalls) == waits);
    port.CloseAll();
  }
}

}  // namespace iocp_net::test
#endif  // __linux__

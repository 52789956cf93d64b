// Receives that bring less than was announced: no byte may come out of another connection, be lost,
// or come twice.
#include <doctest.h>

#include <algorithm>
#include <vector>

#include "cut_receives.h"
#include "harness.h"

#ifdef __linux__
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "epoll/descriptor.h"
#endif

namespace iocp_net::test {

namespace {

constexpr size_t kMessageBytes = 3 * kReceiveBytesMax / 2;  // announced, and more than one chunk

// Every length at the ends, and some between them.
std::vector<size_t> Lengths() {
  std::vector<size_t> lengths;
  for (size_t length = 1; length <= 33; length++) lengths.push_back(length);
  for (size_t length = 61; length < kReceiveBytesMax; length = length * 3 / 2) {
    lengths.push_back(length);
  }
  for (const size_t edge :
       {size_t{kLargeReceiveBytesMin}, size_t{kReceiveBytesMax}, kMessageBytes}) {
    for (size_t length = edge - 2; length <= edge + 2 && length <= kMessageBytes; length++) {
      lengths.push_back(length);
    }
  }
  return lengths;
}

// The next bytes of these streams are announced: the last ones were many.
void MakeLarge(Harness& port, const std::vector<Harness::Pair>& pairs) {
  for (const auto& pair : pairs) {
    pair.server->received.clear();
    const std::string bytes = Pattern(kReceiveBytesMax, 99);
    REQUIRE(port.Send(*pair.client, bytes) >= 0);
    port.Until("many bytes", [&] { return pair.server->received.size() == bytes.size(); });
    pair.server->received.clear();
  }
}

}  // namespace

TEST_CASE("bytes that were announced and are taken before, at every length") {
  Harness port;
  const auto listener = port.Listen();
  const std::vector<Harness::Pair> pairs = {port.Connected(listener), port.Connected(listener),
                                            port.Connected(listener)};
  int cut = 0;
  for (const size_t length : Lengths()) {
    MakeLarge(port, pairs);
    std::vector<std::string> sent;
    for (uint32_t i = 0; i < pairs.size(); i++) sent.push_back(Pattern(kMessageBytes, 7 * i + 1));
    // In the middle of a batch: another handler has received from this stream.
    port.on_receivable = [&](Stream& stream, size_t waiting) {
      if (&stream != pairs[1].server.get() || waiting == 0) return;
      std::vector<uint8_t> early(std::min(length, waiting));
      const int64_t bytes =
          port.engine().Receive(stream.index, stream.generation, early.data(), early.size());
      if (bytes <= 0) return;
      cut++;
      port.on_received(stream, early.data(), static_cast<size_t>(bytes));
    };
    for (size_t i = 0; i < pairs.size(); i++) REQUIRE(port.Send(*pairs[i].client, sent[i]) >= 0);
    port.Until("all bytes", [&] {
      return std::all_of(pairs.begin(), pairs.end(), [](const Harness::Pair& pair) {
        return pair.server->received.size() >= kMessageBytes;
      });
    });
    port.on_receivable = nullptr;
    for (size_t i = 0; i < pairs.size(); i++) {
      REQUIRE_MESSAGE((pairs[i].server->received == sent[i]), "cut at ", length);
    }
  }
  CHECK(cut > 0);
  port.CloseAll();
}

#ifdef _WIN32

TEST_CASE("receives that the system cuts short, at every length") {
  Harness port;
  const auto listener = port.Listen();
  const std::vector<Harness::Pair> pairs = {port.Connected(listener), port.Connected(listener)};
  int cut = 0;
  for (const size_t length : Lengths()) {
    MakeLarge(port, pairs);
    // So many receives as a message of this length asks for.
    const size_t total = std::min(kMessageBytes, 200 * length);
    const std::string a = Pattern(total, 1);
    const std::string b = Pattern(total, 2);
    const CutReceives cutting(length);
    REQUIRE(port.Send(*pairs[0].client, a) >= 0);
    REQUIRE(port.Send(*pairs[1].client, b) >= 0);
    port.Until("all bytes", [&] {
      return pairs[0].server->received.size() >= total && pairs[1].server->received.size() >= total;
    });
    REQUIRE_MESSAGE((pairs[0].server->received == a), "cut at ", length);
    REQUIRE_MESSAGE((pairs[1].server->received == b), "cut at ", length);
  }
  for (const auto& pair : pairs) cut += pair.server->short_receives;
  CHECK(cut > 0);
  port.CloseAll();
}

#else

namespace {

void SendAll(int fd, const std::string& bytes, int flags = 0) {
  REQUIRE(::send(fd, bytes.data(), bytes.size(), flags) == static_cast<ssize_t>(bytes.size()));
}

// The last of these bytes carries a descriptor: a receive stops after it.
void SendWithDescriptor(int fd, const std::string& bytes) {
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
  std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  REQUIRE(::sendmsg(fd, &message, 0) == static_cast<ssize_t>(bytes.size()));
}

struct Peer {
  Descriptor socket;
  StreamPtr server;
};

Peer Adopted(Harness& port) {
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  Peer peer{Descriptor(ends[0]), port.Adopt(ends[1], 0)};
  port.Receive(*peer.server);
  return peer;
}

}  // namespace

TEST_CASE("a descriptor between the bytes of a Unix socket cuts a receive, at every length") {
  Harness port;
  const Peer peers[] = {Adopted(port), Adopted(port)};
  int cut = 0;
  for (const size_t length : Lengths()) {
    std::string sent[2];
    for (size_t i = 0; i < 2; i++) {
      const Peer& peer = peers[i];
      peer.server->received.clear();
      SendAll(peer.socket.get(), Pattern(20000));
      port.Until("many bytes", [&] { return peer.server->received.size() == 20000; });
      peer.server->received.clear();
      // All of it is there when the engine looks, so all of it is announced.
      const std::string message = Pattern(kMessageBytes, static_cast<uint32_t>(2 * length + i));
      const size_t at = std::min(length, message.size());
      SendWithDescriptor(peer.socket.get(), message.substr(0, at));
      if (at < message.size()) SendAll(peer.socket.get(), message.substr(at));
      sent[i] = message;
    }
    port.Until("all bytes", [&] {
      return peers[0].server->received.size() >= kMessageBytes &&
             peers[1].server->received.size() >= kMessageBytes;
    });
    for (size_t i = 0; i < 2; i++) {
      REQUIRE_MESSAGE((peers[i].server->received == sent[i]), "cut at ", length);
      cut += peers[i].server->short_receives;
      peers[i].server->short_receives = 0;
    }
  }
  CHECK(cut >= 50);
  port.CloseAll();
}

TEST_CASE("an urgent byte between the bytes of a TCP socket cuts a receive, at every length") {
  Harness port;
  const auto listener = port.Listen();
  std::vector<Peer> peers;
  for (size_t i = 0; i < 2; i++) {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port.PortOf(listener));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    port.Until("accepted", [&] { return listener->accepted.size() == i + 1; });
    peers.push_back({std::move(socket), listener->accepted.back()});
    port.Receive(*peers.back().server);
  }
  for (const size_t length : Lengths()) {
    std::string sent[2];
    for (size_t i = 0; i < 2; i++) {
      const Peer& peer = peers[i];
      peer.server->received.clear();
      SendAll(peer.socket.get(), Pattern(20000));
      port.Until("many bytes", [&] { return peer.server->received.size() == 20000; });
      peer.server->received.clear();
      const std::string message = Pattern(kMessageBytes, static_cast<uint32_t>(2 * length + i));
      const size_t at = std::min(length, message.size());
      SendAll(peer.socket.get(), message.substr(0, at));
      SendAll(peer.socket.get(), "!", MSG_OOB);  // out of band: no part of what is received
      if (at < message.size()) SendAll(peer.socket.get(), message.substr(at));
      sent[i] = message;
    }
    port.Until("all bytes", [&] {
      return peers[0].server->received.size() >= kMessageBytes &&
             peers[1].server->received.size() >= kMessageBytes;
    });
    for (size_t i = 0; i < 2; i++) {
      REQUIRE_MESSAGE((peers[i].server->received == sent[i]), "cut at ", length);
    }
  }
  port.CloseAll();
}

#endif  // _WIN32

}  // namespace iocp_net::test

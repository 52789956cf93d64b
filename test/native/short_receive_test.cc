// Receives that bring less than was announced: no byte may come out of another connection, be lost,
// or come twice.
#include <doctest.h>

#include <algorithm>
#include <vector>

#include "cut_receives.h"
#include "harness.h"

#ifdef __linux__
#include <sys/socket.h>

#include <utility>

#include "raw_socket.h"
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

// Both peers get the message of each length, and nothing of the other's; `send` cuts it at a place.
template <typename Send>
void CutEverywhere(Harness& port, const Peer (&peers)[2], Send send) {
  for (const size_t length : Lengths()) {
    std::string sent[2];
    for (size_t i = 0; i < 2; i++) {
      const Peer& peer = peers[i];
      peer.server->received.clear();
      SendAll(peer.socket, Pattern(20000));
      port.Until("many bytes", [&] { return peer.server->received.size() == 20000; });
      peer.server->received.clear();
      // All of it is there when the engine looks, so all of it is announced.
      const std::string message = Pattern(kMessageBytes, static_cast<uint32_t>(2 * length + i));
      const size_t at = std::min(length, message.size());
      send(peer.socket, message.substr(0, at));
      if (at < message.size()) SendAll(peer.socket, message.substr(at));
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
}

}  // namespace

TEST_CASE("a descriptor between the bytes of a Unix socket cuts a receive, at every length") {
  Harness port;
  const Peer peers[] = {Adopted(port), Adopted(port)};
  CutEverywhere(port, peers, SendWithDescriptor);
  CHECK(peers[0].server->short_receives + peers[1].server->short_receives >= 50);
  port.CloseAll();
}

TEST_CASE("an urgent byte between the bytes of a TCP socket cuts a receive, at every length") {
  Harness port;
  const auto listener = port.Listen();
  const auto accepted = [&] {
    Descriptor socket = ConnectTo(port.PortOf(listener));
    const size_t before = listener->accepted.size();
    port.Until("accepted", [&] { return listener->accepted.size() > before; });
    port.Receive(*listener->accepted.back());
    return Peer{std::move(socket), listener->accepted.back()};
  };
  const Peer peers[] = {accepted(), accepted()};
  CutEverywhere(port, peers, [](const Descriptor& socket, const std::string& bytes) {
    SendAll(socket, bytes);
    SendAll(socket, "!", MSG_OOB);  // out of band: no part of what is received
  });
  port.CloseAll();
}

#endif  // _WIN32

}  // namespace iocp_net::test

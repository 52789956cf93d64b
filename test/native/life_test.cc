// An endpoint's life: listening, connecting, closing, and the engine's end.
#include <doctest.h>

#include <algorithm>

#include "harness.h"

namespace iocp_net::test {

TEST_CASE("addresses of both ends agree") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  Address local, peer;
  REQUIRE(port.engine().LocalAddress(client->index, client->generation, &local) == kOk);
  REQUIRE(port.engine().PeerAddress(server->index, server->generation, &peer) == kOk);
  CHECK(local.host == "127.0.0.1");
  CHECK(local.family == 4);
  CHECK(peer.host == local.host);
  CHECK(peer.port == local.port);
  REQUIRE(port.engine().PeerAddress(client->index, client->generation, &peer) == kOk);
  REQUIRE(port.engine().LocalAddress(server->index, server->generation, &local) == kOk);
  CHECK(peer.port == port.PortOf(listener));
  CHECK(local.port == port.PortOf(listener));
  port.CloseAll();
}

TEST_CASE("IPv6") {
  Harness port;
  Status status = kOk;
  const auto listener = port.Listen(&status, Harness::Loopback(0, 6));
  if (listener == nullptr) {
    // A machine without IPv6.
    CHECK((status == UV__EAFNOSUPPORT || status == UV__EINVAL || status == UV__EADDRNOTAVAIL));
    return;
  }
  const auto client = port.Connect(Harness::Loopback(port.PortOf(listener), 6));
  port.Until("connected", [&] { return client->connected && listener->accepted.size() == 1; });
  CHECK(client->connect_status == kOk);
  Address peer;
  REQUIRE(port.engine().PeerAddress(client->index, client->generation, &peer) == kOk);
  CHECK(peer.host == "::1");
  CHECK(peer.family == 6);
  port.Receive(*listener->accepted[0]);
  port.Write(*client, "six");
  port.Until("six", [&] { return listener->accepted[0]->received == "six"; });
  port.CloseAll();
}

TEST_CASE("a connection to the unspecified address goes to this machine") {
  Harness port;
  const auto listener = port.Listen();
  Address any = Harness::Loopback(port.PortOf(listener));
  any.host = "0.0.0.0";
  const auto client = port.Connect(any);
  port.Until("connected", [&] { return client->connected; });
  CHECK(client->connect_status == kOk);
  port.CloseAll();
}

TEST_CASE("connection refused") {
  Harness port;
  const auto listener = port.Listen();
  const Address nobody = Harness::Loopback(port.PortOf(listener));
  port.CloseAll();
  for (int i = 0; i < 3; i++) {
    const auto client = port.Connect(nobody);
    CHECK_FALSE(client->connected);  // never from inside the call
    port.Until("refusal", [&] { return client->connected; });
    CHECK(client->connect_status == UV__ECONNREFUSED);
    port.CloseAll();
  }
}

TEST_CASE("a local address that is none of ours fails the bind") {
  Harness port;
  const auto listener = port.Listen();
  Address local = Harness::Loopback(0);
  local.host = "192.0.2.1";
  Status status = kOk;
  ConnectStage failed = ConnectStage::kConnect;
  CHECK(port.Connect(Harness::Loopback(port.PortOf(listener)), &status, &local, &failed) ==
        nullptr);
  CHECK(status == UV__EADDRNOTAVAIL);
  CHECK((failed == ConnectStage::kBind));
  CHECK(port.engine().OpenEndpoints() == 1);
  port.CloseAll();
}

TEST_CASE("text that is no address") {
  Harness port;
  Address bad = Harness::Loopback(1);
  bad.host = "not an address";
  Status status = kOk;
  CHECK(port.Connect(bad, &status) == nullptr);
  CHECK(status == UV__EINVAL);
  CHECK(port.Listen(&status, bad) == nullptr);
  CHECK(status == UV__EINVAL);
  CHECK(port.engine().OpenEndpoints() == 0);
}

TEST_CASE("a taken port stays taken, and is free after the close") {
  Harness port;
  const auto first = port.Listen();
  const uint16_t number = port.PortOf(first);
  Status status = kOk;
  CHECK(port.Listen(&status, Harness::Loopback(number)) == nullptr);
  CHECK(status == UV__EADDRINUSE);
  CHECK(port.engine().OpenEndpoints() == 1);
  for (int i = 0; i < 3; i++) {
    port.CloseAll();
    port.Listen(&status, Harness::Loopback(number));
    CHECK(status == kOk);
  }
  port.CloseAll();
}

TEST_CASE("a burst of connections, closed by the side that accepted") {
  constexpr size_t kCount = 150;
  Harness port;
  const auto listener = port.Listen();
  port.on_accepted = [&](const StreamPtr& fresh) { port.Close(*fresh); };
  std::vector<StreamPtr> clients;
  for (size_t i = 0; i < kCount; i++) {
    clients.push_back(port.Connect(Harness::Loopback(port.PortOf(listener))));
    port.Receive(*clients.back());  // before it is connected
  }
  port.Until("all ended", [&] {
    for (const auto& client : clients) {
      if (!client->connected || !client->Over()) return false;
    }
    return true;
  });
  for (const auto& client : clients) {
    CHECK(client->connect_status == kOk);
    CHECK(client->ended);
  }
  CHECK(listener->accepted.size() == kCount);
  port.CloseAll();
}

TEST_CASE("ten thousand connections leave nothing behind") {
  constexpr int kTotal = 10000;
  constexpr int kAtOnce = 50;
  Harness port;
  const auto listener = port.Listen();
  const Address address = Harness::Loopback(port.PortOf(listener));
  port.on_accepted = [&](const StreamPtr& fresh) { port.Receive(*fresh); };
  for (int done = 0; done < kTotal; done += kAtOnce) {
    std::vector<StreamPtr> clients;
    for (int i = 0; i < kAtOnce; i++) clients.push_back(port.Connect(address));
    port.Until("connected", [&] {
      for (const auto& client : clients) {
        if (!client->connected) return false;
      }
      return listener->accepted.size() == kAtOnce;
    });
    for (const auto& client : clients) {
      REQUIRE(client->connect_status == kOk);
      port.Write(*client, "x");
      // In turn: the peer sees an end, or a reset.
      port.Close(*client, client->index % 2 == 0 ? CloseHow::kGraceful : CloseHow::kReset);
    }
    port.Until("over", [&] {
      for (const auto& server : listener->accepted) {
        if (!server->Over()) return false;
      }
      return true;
    });
    for (const auto& server : listener->accepted) port.Close(*server);
    port.Until("closed", [&] { return port.engine().OpenEndpoints() == 1; });
    listener->accepted.clear();
  }
  port.CloseAll();
}

TEST_CASE("a reset reaches the peer as ECONNRESET") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  port.Settle();  // the receive is in flight
  port.Close(*server, CloseHow::kReset);
  port.Until("reset", [&] { return client->Over(); });
  // Wine 8 takes some resets for an end.
  if (!UnderWine() || !client->ended) CHECK(client->receive_failure == UV__ECONNRESET);
  CHECK(server->closed);
  // A write after it fails: at once, or when the system has noticed.
  Status status = kOk;
  for (int i = 0; i < 100 && status == kOk; i++) {
    status = static_cast<Status>(std::min<int64_t>(port.Write(*client, "anybody?"), kOk));
    port.Settle();
    if (status == kOk) status = client->sent_status;
  }
  CHECK((status == UV__EPIPE || status == UV__ECONNRESET || status == UV__ECONNABORTED ||
         status == UV__ECANCELED));
  port.CloseAll();
}

TEST_CASE("a graceful close with a receive in flight is an end, not a reset") {
  Harness port;
  const auto listener = port.Listen();
  for (int i = 0; i < 20; i++) {
    const auto [client, server] = port.Connected(listener);
    port.Settle();
    port.Write(*server, "bye");
    port.Close(*server);
    port.Until("end", [&] { return client->Over(); });
    CHECK(client->ended);
    CHECK(client->received == "bye");
    port.Close(*client);
    port.Until("closed", [&] { return client->closed && server->closed; });
  }
  port.CloseAll();
}

TEST_CASE("a close with a large send in flight gives its memory back") {
  for (const CloseHow how : {CloseHow::kGraceful, CloseHow::kReset}) {
    Harness port;
    const auto listener = port.Listen();
    const auto [client, server] = port.Connected(listener, false);
    std::vector<std::unique_ptr<std::string>> kept;
    for (uint32_t i = 0; i < 4; i++) {
      kept.push_back(std::make_unique<std::string>(Pattern(8 << 20, i)));
      REQUIRE(port.Send(*client, *kept.back()) >= 0);
    }
    port.Settle();
    port.Close(*client, how);
    port.Until("closed", [&] { return client->closed; });
    kept.clear();  // nobody may look at it any more
    port.Receive(*server);
    port.Until("over", [&] { return server->Over(); });
    CHECK(server->received.size() <= 4u * (8 << 20));
    port.CloseAll();
  }
}

TEST_CASE("a close with copies and borrowed bytes in one send gives both back") {
  for (int round = 0; round < 8; round++) {
    Harness port;
    const auto listener = port.Listen();
    const auto [client, server] = port.Connected(listener, false);
    auto large = std::make_unique<std::string>(Pattern(16 << 20));
    auto small = std::make_unique<std::string>(Pattern(3000, 3));
    const std::string copied = Pattern(5000, 5);
    REQUIRE(port.Send(*client, *large) < static_cast<int64_t>(large->size()));
    std::string all = *large;
    for (int i = 0; i < 5; i++) {
      REQUIRE(port.Write(*client, copied) == 0);
      REQUIRE(port.Send(*client, *small) == 0);
      all += copied + *small;
    }
    if (round % 2 == 0) port.Settle();
    if (round % 4 < 2) port.Receive(*server);
    if (round % 4 == 1) port.Turn(1);
    port.Close(*client, round < 4 ? CloseHow::kGraceful : CloseHow::kReset);
    port.Until("closed", [&] { return client->closed; });
    large.reset();  // the sanitizers watch
    small.reset();
    port.Receive(*server);
    port.Until("over", [&] { return server->Over(); });
    CHECK((server->received == all.substr(0, server->received.size())));
    port.CloseAll();
  }
}

TEST_CASE("closing in every state") {
  Harness port;
  SUBCASE("connecting") {
    const auto listener = port.Listen();
    const auto client = port.Connect(Harness::Loopback(port.PortOf(listener)));
    port.Close(*client);
    port.Until("closed", [&] { return client->closed; });
    CHECK_FALSE(client->connected);
  }
  SUBCASE("connecting to an address that does not answer") {
    Address silent = Harness::Loopback(9);
    silent.host = "192.0.2.1";
    Status status = kOk;
    const auto client = port.Connect(silent, &status);
    if (client != nullptr) {
      port.Settle();
      port.Close(*client);
      port.Until("closed", [&] { return client->closed; });
    }
  }
  SUBCASE("refused") {
    const auto listener = port.Listen();
    const Address nobody = Harness::Loopback(port.PortOf(listener));
    port.CloseAll();
    const auto client = port.Connect(nobody);
    port.Close(*client);
    port.Until("closed", [&] { return client->closed; });
  }
  SUBCASE("a listener whose connections nobody has taken") {
    const auto listener = port.Listen();
    std::vector<StreamPtr> clients;
    for (int i = 0; i < 40; i++) {
      clients.push_back(port.Connect(Harness::Loopback(port.PortOf(listener))));
      port.Receive(*clients.back());
    }
    port.Close(*listener);
    port.Until("closed", [&] { return listener->closed; });
    // Each of them is refused, ended or reset.
    port.Until("clients", [&] {
      for (const auto& client : clients) {
        if (!client->connected || (client->connect_status == kOk && !client->Over())) return false;
      }
      return true;
    });
  }
  SUBCASE("twice") {
    const auto listener = port.Listen();
    const auto [client, server] = port.Connected(listener);
    port.Close(*client);
    port.Close(*client, CloseHow::kReset);
    port.Until("closed", [&] { return client->closed; });
  }
  SUBCASE("after a shutdown") {
    const auto listener = port.Listen();
    const auto [client, server] = port.Connected(listener);
    port.Submit(Operation::kShutdown, *client);
    port.Close(*client);
    port.Until("end", [&] { return server->Over(); });
    CHECK(server->ended);
  }
  port.CloseAll();
}

TEST_CASE("a stale generation moves nothing") {
  Harness port;
  const auto listener = port.Listen();
  const auto old = port.Connected(listener);
  port.Close(*old.client);
  port.Close(*old.server);
  port.Until("closed", [&] { return old.client->closed && old.server->closed; });
  const auto fresh = port.Connected(listener);
  CHECK(port.Send(*old.client, "ghost") == UV__EBADF);
  port.Write(*old.client, "ghost");
  port.Write(*old.server, "ghost");
  port.Close(*old.client);
  port.Close(*old.server);
  Address address;
  CHECK(port.engine().LocalAddress(old.client->index, old.client->generation, &address) ==
        UV__EBADF);
  CHECK(port.engine().QueuedBytes(old.client->index, old.client->generation) == 0);
  port.Write(*fresh.client, "alive");
  port.Until("alive", [&] { return !fresh.server->received.empty(); });
  CHECK(fresh.server->received == "alive");
  CHECK(fresh.client->received.empty());
  port.CloseAll();
}

TEST_CASE("more completions than the ring holds") {
  constexpr int kCount = 300;
  Harness port;
  const auto listener = port.Listen();
  std::vector<StreamPtr> streams;
  for (int i = 0; i < kCount; i++) {
    const auto pair = port.Connected(listener, false);
    streams.push_back(pair.client);
    streams.push_back(pair.server);
  }
  // Two completions for each of them, and nobody takes any meanwhile.
  for (const auto& stream : streams) port.Submit(Operation::kShutdown, *stream);
  port.engine().Flush();
  for (const auto& stream : streams) port.Close(*stream);
  port.engine().Flush();
  for (int i = 0; i < 20; i++) port.engine().Reap(0);
  port.Until("all closed", [&] {
    for (const auto& stream : streams) {
      if (!stream->closed) return false;
    }
    return true;
  });
  for (const auto& stream : streams) CHECK(stream->shut);
  port.CloseAll();
}

TEST_CASE("the engine ends in the middle of everything") {
  auto bytes = std::make_unique<std::string>(Pattern(16 << 20));
  {
    Harness port;
    const auto listener = port.Listen();
    std::vector<Harness::Pair> pairs;
    for (int i = 0; i < 8; i++) pairs.push_back(port.Connected(listener, i % 2 == 0));
    for (const auto& pair : pairs) {
      REQUIRE(port.Send(*pair.client, *bytes) >= 0);
      port.Write(*pair.server, "unsent");
    }
    port.Turn(0);
    port.Close(*pairs[0].client);
    port.Close(*pairs[1].client, CloseHow::kReset);
    port.Connect(Harness::Loopback(port.PortOf(listener)));
    port.End();
  }
  bytes.reset();
}

TEST_CASE("options") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  const auto set = [&](Option option, int32_t a, int32_t b = 0, int32_t c = 0, int32_t d = 0) {
    return port.engine().SetOption(client->index, client->generation, option, a, b, c, d);
  };
  CHECK(set(Option::kNoDelay, 1) == kOk);
  CHECK(set(Option::kNoDelay, 0) == kOk);
  CHECK(set(Option::kKeepAlive, 1, 60, 1, 10) == kOk);
  CHECK(set(Option::kKeepAlive, 1, 60, 0, 0) == kOk);
  CHECK(set(Option::kKeepAlive, 1, 0, 0, 0) == UV__EINVAL);
  CHECK(set(Option::kKeepAlive, 0) == kOk);
  CHECK(set(Option::kSendBufferBytes, 64 << 10) == kOk);
  CHECK(set(Option::kReceiveBufferBytes, 64 << 10) == kOk);
  CHECK(set(Option::kTypeOfService, 16) == kOk);
  port.CloseAll();
}

}  // namespace iocp_net::test

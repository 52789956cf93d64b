// Bytes through a connection: order, ends, back-pressure.
#include <doctest.h>

#include "harness.h"

namespace iocp_net::test {

TEST_CASE("echo: what was written comes back") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  const std::string message = "hello";
  for (int round = 0; round < 100; round++) {
    server->received.clear();
    client->received.clear();
    port.Write(*client, message);
    port.Until("request", [&] { return server->received == message; });
    port.Write(*server, server->received);
    port.Until("reply", [&] { return client->received == message; });
  }
  port.CloseAll();
}

TEST_CASE("messages of all sizes arrive whole and in order") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  std::string all;
  for (const size_t length : {1u, 2u, 100u, 1500u, 8191u, 8192u, 8193u, 16384u, 65535u, 65536u}) {
    for (uint32_t i = 0; i < 3; i++) {
      const std::string bytes = Pattern(length, i);
      port.Write(*client, bytes);
      all += bytes;
      port.Until("message", [&] { return server->received.size() == all.size(); });
      // At once, so that the receive that brought the last message is still the busy one.
      REQUIRE(server->received == all);
    }
  }
  port.CloseAll();
}

TEST_CASE("a large send is taken in parts and ends with one kSent") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener, false);
  const std::string bytes = Pattern(24 << 20);
  const int64_t taken = port.Send(*client, bytes);
  REQUIRE(taken >= 0);
  const bool pending = taken < static_cast<int64_t>(bytes.size());
  CHECK(port.engine().QueuedBytes(client->index, client->generation) ==
        bytes.size() - static_cast<size_t>(taken));
  port.Settle();
  CHECK(client->sent == 0);  // nobody reads, so it cannot have left
  port.Receive(*server);
  port.Until("everything", [&] { return server->received.size() >= bytes.size(); });
  port.Settle();
  CHECK(server->received == bytes);
  CHECK(client->sent == (pending ? 1 : 0));
  CHECK(client->sent_status == kOk);
  CHECK(port.engine().QueuedBytes(client->index, client->generation) == 0);
  port.CloseAll();
}

TEST_CASE("slab writes and large sends keep their order when the kernel is full") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener, false);
  std::string all;
  std::vector<std::string> large;
  large.reserve(40);
  // What is queued after a send in flight: copies and borrowed spans in turn.
  for (uint32_t i = 0; i < 40; i++) {
    const std::string small = Pattern(700 + i, i);
    port.Write(*client, small);
    large.push_back(Pattern(300 << 10, 1000 + i));
    all += small + large.back();
    REQUIRE(port.Send(*client, large.back()) >= 0);
  }
  port.Receive(*server);
  port.Until("everything", [&] { return server->received.size() >= all.size(); });
  CHECK((server->received == all));
  port.Until("sent",
             [&] { return port.engine().QueuedBytes(client->index, client->generation) == 0; });
  CHECK(client->sent_status == kOk);
  port.CloseAll();
}

TEST_CASE("both directions at once") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  const std::string out = Pattern(5 << 20, 1);
  const std::string in = Pattern(5 << 20, 2);
  REQUIRE(port.Send(*client, out) >= 0);
  REQUIRE(port.Send(*server, in) >= 0);
  port.Until("both", [&] {
    return client->received.size() >= in.size() && server->received.size() >= out.size();
  });
  CHECK((client->received == in));
  CHECK((server->received == out));
  port.CloseAll();
}

TEST_CASE("a write of nothing is nothing to wait for") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  const Span nothing{};
  CHECK(port.Write(*client, "") == 0);
  CHECK(port.Send(*client, std::vector<Span>{}) == 0);
  CHECK(port.Send(*client, {nothing, nothing}) == 0);
  CHECK(port.engine().QueuedBytes(client->index, client->generation) == 0);
  const std::string text = "something";
  const Span something{reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  CHECK(port.Send(*client, {nothing, something, nothing}) == 9);
  port.Until("something", [&] { return server->received == text; });
  CHECK(client->sent == 0);
  port.CloseAll();
}

TEST_CASE("half-close: the other direction goes on") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  port.Write(*client, "request");
  port.Submit(Operation::kShutdown, *client);
  port.Submit(Operation::kShutdown, *client);  // once is enough
  port.Until("end", [&] { return server->ended; });
  CHECK(server->received == "request");
  CHECK(client->shut);
  CHECK(client->shut_status == kOk);
  CHECK_FALSE(client->Over());
  port.Write(*server, "reply");
  port.Submit(Operation::kShutdown, *server);
  port.Until("end", [&] { return client->ended; });
  CHECK(client->received == "reply");
  port.CloseAll();
}

TEST_CASE("a shutdown waits for what is queued") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener, false);
  const std::string bytes = Pattern(24 << 20);
  const int64_t taken = port.Send(*client, bytes);
  port.Submit(Operation::kShutdown, *client);
  port.Settle();
  if (taken < static_cast<int64_t>(bytes.size())) CHECK_FALSE(client->shut);
  port.Receive(*server);
  port.Until("end", [&] { return server->ended; });
  CHECK((server->received == bytes));
  CHECK(client->shut);
  CHECK(client->shut_status == kOk);
  port.CloseAll();
}

TEST_CASE("what is received before a pause ends and after it") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  port.Write(*client, "one");
  port.Until("one", [&] { return server->received == "one"; });
  port.Submit(Operation::kReceiveStop, *server);
  port.Write(*client, "two");
  port.Settle();
  CHECK(server->received == "one");
  port.Receive(*server);
  port.Until("two", [&] { return server->received == "onetwo"; });
  // Stopped and started again within one batch, with a receive in flight.
  port.Submit(Operation::kReceiveStop, *server);
  port.Receive(*server);
  port.Write(*client, "three");
  port.Submit(Operation::kShutdown, *client);
  port.Until("end", [&] { return server->ended; });
  CHECK(server->received == "onetwothree");
  port.CloseAll();
}

TEST_CASE("bytes and the end that came before anybody received") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener, false);
  port.Write(*client, "early");
  port.Close(*client);
  port.Until("closed", [&] { return client->closed; });
  port.Receive(*server);
  port.Until("end", [&] { return server->Over(); });
  CHECK(server->ended);
  CHECK(server->received == "early");
  port.CloseAll();
}

TEST_CASE("a turn ends: no endpoint is served twice in it, whatever waits") {
  constexpr int32_t kFloods = 32;
  constexpr int32_t kAcceptsMax = 64;  // of one turn
  Harness port;
  const auto listener = port.Listen();
  std::vector<Harness::Pair> floods;
  for (int32_t i = 0; i < kFloods; i++) floods.push_back(port.Connected(listener));
  const std::string bytes = Pattern(4 << 20);
  for (const auto& pair : floods) REQUIRE(port.Send(*pair.client, bytes) >= 0);
  std::vector<StreamPtr> burst;
  for (int i = 0; i < 200; i++) {
    burst.push_back(port.Connect(Harness::Loopback(port.PortOf(listener))));
  }
  size_t received = 0;
  port.on_received = [&](Stream&, const uint8_t*, size_t length) { received += length; };
  for (int turn = 0; turn < 20; turn++) {
    // One for each stream, whether it connects, receives or has sent; and the new ones.
    port.engine().Flush();
    const double before = port.Counted(kCompletions);
    port.engine().Reap(20);
    CHECK(port.Counted(kCompletions) - before <= 2 * kFloods + 200 + kAcceptsMax);
    const size_t received_before = received;
    port.Dispatch();
    CHECK(received - received_before <= kFloods * static_cast<size_t>(kReceivableBytesMax));
  }
  port.Until("everything", [&] {
    return received == kFloods * bytes.size() && listener->accepted.size() == kFloods + 200u;
  });
  port.CloseAll();
}

TEST_CASE("a flooding connection does not starve a quiet one") {
  Harness port;
  const auto listener = port.Listen();
  const auto flood = port.Connected(listener);
  const auto quiet = port.Connected(listener);
  size_t flooded = 0;
  port.on_received = [&](Stream& stream, const uint8_t* bytes, size_t length) {
    if (&stream == flood.server.get()) {
      flooded += length;
    } else {
      stream.received.append(reinterpret_cast<const char*>(bytes), length);
    }
  };
  const std::string bytes = Pattern(64 << 20);
  REQUIRE(port.Send(*flood.client, bytes) >= 0);
  port.Write(*quiet.client, "me too");
  port.Until("quiet", [&] { return quiet.server->received == "me too"; });
  CHECK(flooded < bytes.size());
  port.CloseAll();
}

}  // namespace iocp_net::test

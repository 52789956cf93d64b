// Local endpoints: Unix sockets on Linux, named pipes on Windows.
#include <doctest.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "harness.h"

#ifdef _WIN32
#include <process.h>
#else
#include <unistd.h>
#endif

namespace iocp_net::test {

namespace {

Address Named(const std::string& host) {
  Address address;
  address.kind = EndpointKind::kPipe;
  address.host = host;
  return address;
}

Address FreshName() {
  static int count = 0;
#ifdef _WIN32
  return Named("\\\\.\\pipe\\iocp-net-native-" + std::to_string(::_getpid()) + "-" +
               std::to_string(count++));
#else
  return Named("/tmp/iocp-net-native-" + std::to_string(::getpid()) + "-" +
               std::to_string(count++));
#endif
}

struct Local {
  Harness port;
  Address name = FreshName();
  StreamPtr listener = port.Listen(nullptr, name);

  Harness::Pair Connected() {
    Harness::Pair pair;
    const size_t before = listener->accepted.size();
    pair.client = port.Connect(name);
    port.Until("connected",
               [&] { return pair.client->connected && listener->accepted.size() > before; });
    REQUIRE(pair.client->connect_status == kOk);
    pair.server = listener->accepted.back();
    port.Receive(*pair.client);
    port.Receive(*pair.server);
    return pair;
  }
};

}  // namespace

TEST_CASE("pipe: echo in all sizes") {
  Local local;
  const auto [client, server] = local.Connected();
  std::string all;
  for (const size_t length : {1u, 100u, 8191u, 8192u, 8193u, 65536u}) {
    for (uint32_t i = 0; i < 3; i++) {
      const std::string bytes = Pattern(length, i);
      all += bytes;
      local.port.Write(*client, bytes);
      local.port.Until("request", [&] { return server->received.size() == all.size(); });
      REQUIRE((server->received == all));
      local.port.Write(*server, bytes);
      local.port.Until("reply", [&] { return client->received.size() == all.size(); });
    }
  }
  CHECK((client->received == all));
  local.port.CloseAll();
}

TEST_CASE("pipe: many small writes and large sends, in order") {
  Local local;
  const auto [client, server] = local.Connected();
  local.port.Submit(Operation::kReceiveStop, *server);
  std::string all;
  std::vector<std::string> large;
  large.reserve(5);
  for (uint32_t i = 0; i < 5; i++) {
    for (uint32_t k = 0; k < 100; k++) {
      const std::string small = Pattern(10 + k, i * 100 + k);
      local.port.Write(*client, small);
      all += small;
    }
    large.push_back(Pattern(200 << 10, i));
    REQUIRE(local.port.Send(*client, large.back()) >= 0);
    all += large.back();
  }
  local.port.Settle();
  CHECK(client->sent == 0);  // more than any pipe takes
  local.port.Receive(*server);
  local.port.Until("everything", [&] { return server->received.size() >= all.size(); });
  CHECK((server->received == all));
  local.port.Until("sent", [&] { return client->sent == 1; });
  CHECK(client->sent_status == kOk);
  local.port.CloseAll();
}

TEST_CASE("pipe: both ends write at once while both read") {
  Local local;
  const auto [client, server] = local.Connected();
  const std::string out = Pattern(2 << 20, 1);
  const std::string in = Pattern(2 << 20, 2);
  REQUIRE(local.port.Send(*client, out) >= 0);
  REQUIRE(local.port.Send(*server, in) >= 0);
  local.port.Until("both", [&] {
    return client->received.size() >= in.size() && server->received.size() >= out.size();
  });
  CHECK((client->received == in));
  CHECK((server->received == out));
  local.port.CloseAll();
}

TEST_CASE("pipe: a shutdown delivers everything and then the end") {
  Local local;
  const auto [client, server] = local.Connected();
  local.port.Submit(Operation::kReceiveStop, *server);
  local.port.Write(*client, "last words");
  local.port.Submit(Operation::kShutdown, *client);
  local.port.Settle();
  local.port.Receive(*server);
  local.port.Until("end", [&] { return server->Over(); });
  CHECK(server->ended);
  CHECK(server->received == "last words");
  CHECK(client->shut);
  CHECK(client->shut_status == kOk);
  local.port.Submit(Operation::kShutdown, *server);
  local.port.Until("end", [&] { return client->Over(); });
  CHECK(client->ended);
  local.port.CloseAll();
}

TEST_CASE("pipe: a reply that comes soon after a shutdown still arrives") {
  Local local;
  const auto [client, server] = local.Connected();
  local.port.on_received = [&](Stream& stream, const uint8_t* bytes, size_t length) {
    stream.received.append(reinterpret_cast<const char*>(bytes), length);
    if (&stream == server.get()) local.port.Write(*server, "reply");
  };
  local.port.Write(*client, "request");
  local.port.Submit(Operation::kShutdown, *client);
  local.port.Until("reply", [&] { return client->received == "reply"; });
  local.port.CloseAll();
}

TEST_CASE("pipe: a graceful close delivers what was accepted") {
  Local local;
  const auto [client, server] = local.Connected();
  local.port.Submit(Operation::kReceiveStop, *server);
  std::string all;
  for (uint32_t i = 0; i < 4; i++) {
    const std::string bytes = Pattern(1 << 10, i);
    local.port.Write(*client, bytes);
    all += bytes;
  }
  // On Windows the answer to a write comes later; libuv's do too.
  local.port.Until("taken", [&] { return !client->stalled; });
  local.port.Close(*client);
  local.port.Until("closed", [&] { return client->closed; });
  local.port.Receive(*server);
  local.port.Until("end", [&] { return server->Over(); });
  CHECK(server->ended);
  CHECK((server->received == all));
  local.port.CloseAll();
}

TEST_CASE("pipe: a small write and a close in one breath") {
  Local local;
  const auto [client, server] = local.Connected();
  const int64_t taken = local.port.Write(*client, "and out");
  local.port.Close(*client);
  local.port.Until("closed", [&] { return client->closed; });
  local.port.Until("end", [&] { return server->Over(); });
  CHECK(server->ended);
  CHECK(server->received == "and out");
  // Where the answer comes later it still comes, before kClosed.
  CHECK(client->sent == (taken == 7 ? 0 : 1));
  CHECK(client->sent_status == kOk);
  local.port.CloseAll();
}

TEST_CASE("pipe: a write of nothing, and a second shutdown") {
  Local local;
  const auto [client, server] = local.Connected();
  CHECK(local.port.Write(*client, "") == 0);
  const Span nothing{};
  CHECK(local.port.Send(*client, {nothing, nothing}) == 0);
  local.port.Settle();
  CHECK(client->sent == 0);
  local.port.Submit(Operation::kReceiveStop, *server);
  local.port.Write(*client, "unread");
  local.port.Submit(Operation::kShutdown, *client);
  local.port.Submit(Operation::kShutdown, *client);
  local.port.Settle();
  local.port.Submit(Operation::kShutdown, *client);
  local.port.Receive(*server);
  local.port.Until("end", [&] { return server->Over(); });
  CHECK(server->received == "unread");
  local.port.Until("shut", [&] { return client->shut; });
  local.port.CloseAll();
}

TEST_CASE("pipe: a write to an end that has gone") {
  Local local;
  const auto [client, server] = local.Connected();
  local.port.Close(*server);
  local.port.Until("end", [&] { return client->Over(); });
  CHECK(client->ended);
  Status status = kOk;
  for (int i = 0; i < 100 && status == kOk; i++) {
    status = static_cast<Status>(std::min<int64_t>(local.port.Write(*client, "anybody?"), kOk));
    local.port.Settle();
    if (status == kOk) status = client->sent_status;
  }
  CHECK(status == UV__EPIPE);
  local.port.CloseAll();
}

TEST_CASE("pipe: nobody listens there") {
  Harness port;
  const auto client = port.Connect(FreshName());
  CHECK_FALSE(client->connected);
  port.Until("refusal", [&] { return client->connected; });
  CHECK(client->connect_status == UV__ENOENT);
  port.CloseAll();
}

TEST_CASE("pipe: names that cannot be listened on") {
  Harness port;
  Status status = kOk;
  CHECK(port.Listen(&status, Named("")) == nullptr);
  CHECK(status == UV__EINVAL);
#ifdef _WIN32
  for (const char* bad : {"plain", "C:\\no\\such\\folder", "/tmp/x.sock"}) {
#else
  for (const char* bad : {"/no/such/folder/x"}) {
#endif
    CHECK(port.Listen(&status, Named(bad)) == nullptr);
    CHECK(status == UV__EACCES);
  }
  CHECK(port.engine().OpenEndpoints() == 0);
}

TEST_CASE("pipe: a taken name, and the same name after a close") {
  Local local;
  Status status = kOk;
  // Wine lets several servers share a name.
  if (!UnderWine()) {
    CHECK(local.port.Listen(&status, local.name) == nullptr);
    CHECK(status == UV__EADDRINUSE);
  }
  local.port.CloseAll();
  local.port.Listen(&status, local.name);
  CHECK(status == kOk);
  local.port.CloseAll();
}

TEST_CASE("pipe: more clients at once than instances wait") {
  constexpr size_t kCount = 60;
  Local local;
  std::vector<StreamPtr> clients;
  for (size_t i = 0; i < kCount; i++) clients.push_back(local.port.Connect(local.name));
  local.port.Until("all connected", [&] {
    for (const auto& client : clients) {
      if (!client->connected) return false;
    }
    return local.listener->accepted.size() == kCount;
  });
  for (size_t i = 0; i < kCount; i++) {
    REQUIRE(clients[i]->connect_status == kOk);
    local.port.Receive(*local.listener->accepted[i]);
    local.port.Write(*clients[i], std::to_string(i) + ";");
  }
  std::string all;
  local.port.Until("everybody", [&] {
    all.clear();
    for (const auto& server : local.listener->accepted) all += server->received;
    size_t messages = 0;
    for (const char c : all) messages += c == ';' ? 1 : 0;
    return messages == kCount;
  });
  local.port.CloseAll();
}

TEST_CASE("pipe: connections one after the other leave nothing behind") {
  Local local;
  for (int i = 0; i < 200; i++) {
    const auto [client, server] = local.Connected();
    local.port.Write(*client, "x");
    local.port.Close(*client);
    local.port.Until("over", [&] { return server->Over(); });
    CHECK(server->received == "x");
    local.port.Close(*server);
    local.port.Until("closed", [&] { return local.port.engine().OpenEndpoints() == 1; });
    local.listener->accepted.clear();
  }
  local.port.CloseAll();
}

TEST_CASE("pipe: addresses") {
  Local local;
  const auto [client, server] = local.Connected();
  Address address;
  REQUIRE(local.port.engine().LocalAddress(local.listener->index, local.listener->generation,
                                           &address) == kOk);
  CHECK((address.kind == EndpointKind::kPipe));
  CHECK(address.host == local.name.host);
  REQUIRE(local.port.engine().PeerAddress(client->index, client->generation, &address) == kOk);
  CHECK(address.host == local.name.host);
  local.port.CloseAll();
}

TEST_CASE("pipe: open to all") {
  Local local;
  const auto mode = [&](int32_t readable, int32_t writable) {
    return local.port.engine().SetOption(local.listener->index, local.listener->generation,
                                         Option::kPipeMode, readable, writable, 0, 0);
  };
  CHECK(mode(1, 1) == kOk);
  CHECK(mode(1, 0) == kOk);
  const auto [client, server] = local.Connected();
  CHECK(client->connect_status == kOk);
  local.port.CloseAll();
}

TEST_CASE("pipe: the engine ends in the middle of everything") {
  auto bytes = std::make_unique<std::string>(Pattern(4 << 20));
  for (int round = 0; round < 2; round++) {
    Local local;
    std::vector<Harness::Pair> pairs;
    for (int i = 0; i < 4; i++) pairs.push_back(local.Connected());
    for (const auto& pair : pairs) local.port.Submit(Operation::kReceiveStop, *pair.server);
    for (const auto& pair : pairs) REQUIRE(local.port.Send(*pair.client, *bytes) >= 0);
    local.port.Write(*pairs[0].server, "unread");
    local.port.Submit(Operation::kShutdown, *pairs[0].server);
    local.port.Submit(Operation::kShutdown, *pairs[1].server);
    local.port.Turn(0);
    // One connects, and nobody will ever accept it; and on Windows some wait for an instance.
    for (int i = 0; i < 20; i++) local.port.Connect(local.name);
    local.port.End();
  }
  bytes.reset();
}

}  // namespace iocp_net::test

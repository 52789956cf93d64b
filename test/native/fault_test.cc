// What goes wrong in completion engines: each case is the test of one such story, on every backend.
#include <doctest.h>

#include <algorithm>
#include <numeric>

#include "harness.h"

#ifdef __linux__
#include <unistd.h>

#include <fstream>
#endif

namespace iocp_net::test {

namespace {

// Writes small pieces until the system takes no more; returns what was written.
std::string Fill(Harness& port, const StreamPtr& stream, size_t piece, size_t* taken) {
  std::string all;
  for (uint32_t i = 0; !stream->stalled; i++) {
    REQUIRE(i < 100000);
    const std::string bytes = Pattern(piece, i);
    const int64_t sent = port.Write(*stream, bytes);
    REQUIRE(sent >= 0);
    *taken += static_cast<size_t>(sent);
    all += bytes;
  }
  return all;
}

}  // namespace

TEST_CASE("four floods fill every turn, and the quiet connections get theirs all the same") {
  constexpr int kFloods = 4;  // together they fill the arena
  constexpr int kQuiet = 8;
  constexpr int kTurnsMax = 16;
  Harness port;
  const auto listener = port.Listen();
  std::vector<Harness::Pair> floods;
  std::vector<Harness::Pair> quiet;
  std::map<const Stream*, size_t> turn_bytes;
  port.on_received = [&](Stream& stream, const uint8_t* bytes, size_t length) {
    turn_bytes[&stream] += length;
    if (length < 100) stream.received.append(reinterpret_cast<const char*>(bytes), length);
  };
  const std::string bytes = Pattern(64 << 20);
  for (int i = 0; i < kFloods; i++) floods.push_back(port.Connected(listener, false));
  for (int i = 0; i < kQuiet; i++) quiet.push_back(port.Connected(listener, false));
  for (const auto& pair : quiet) port.Write(*pair.client, "me too");
  for (const auto& pair : floods) REQUIRE(port.Send(*pair.client, bytes) >= 0);
  port.Settle();
  for (const auto& pair : floods) port.Receive(*pair.server);
  port.Turn(50);
  for (const auto& pair : quiet) port.Receive(*pair.server);
  // Turns, not time: whoever is left out of so many is starved.
  int turns = 0;
  const auto served = [&] {
    return std::all_of(quiet.begin(), quiet.end(),
                       [](const Harness::Pair& pair) { return pair.server->received == "me too"; });
  };
  for (; turns < kTurnsMax && !served(); turns++) {
    turn_bytes.clear();
    port.Turn(50);
    for (const auto& [stream, count] : turn_bytes) CHECK(count <= kReceivableBytesMax);
  }
  CHECK(served());
  port.CloseAll();
}

TEST_CASE("a listener never stops accepting: connections that are gone before they are taken") {
  Harness port;
  const auto listener = port.Listen();
  const Address address = Harness::Loopback(port.PortOf(listener));
  for (int round = 0; round < 20; round++) {
    std::vector<StreamPtr> clients;
    for (int i = 0; i < 40; i++) clients.push_back(port.Connect(address));
    // Some are reset while they wait in the backlog, some while they connect.
    for (size_t i = 0; i < clients.size(); i++) {
      port.Close(*clients[i], i % 2 == 0 ? CloseHow::kReset : CloseHow::kGraceful);
      if (i % 8 == 7) port.Turn(0);
    }
    port.Until("gone", [&] {
      return std::all_of(clients.begin(), clients.end(),
                         [](const StreamPtr& client) { return client->closed; });
    });
    const auto [client, server] = port.Connected(listener);
    port.Close(*client);
    port.Settle();
    for (const auto& stream : listener->accepted) port.Close(*stream);
    listener->accepted.clear();
    port.Settle();
  }
  CHECK(listener->accept_failure == kOk);
  port.CloseAll();
}

TEST_CASE("more submissions than the ring holds, between writes to streams in turn") {
  Harness port;
  const auto listener = port.Listen();
  const auto a = port.Connected(listener);
  const auto b = port.Connected(listener);
  std::string to_a, to_b;
  for (int i = 0; i < 5 * kSubmissionCapacity; i++) {
    port.Submit(i % 3 == 0 ? Operation::kReceiveStop : Operation::kReceiveStart, *a.server);
    const std::string bytes = Pattern(1 + static_cast<size_t>(i) % 7, static_cast<uint32_t>(i));
    port.Write(i % 2 == 0 ? *a.client : *b.client, bytes);
    (i % 2 == 0 ? to_a : to_b) += bytes;
  }
  port.Receive(*a.server);
  port.Until("all of it", [&] {
    return a.server->received.size() >= to_a.size() && b.server->received.size() >= to_b.size();
  });
  CHECK((a.server->received == to_a));
  CHECK((b.server->received == to_b));
  port.CloseAll();
}

TEST_CASE("more bytes than the slab holds before anybody receives them") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener);
  std::string all;
  for (uint32_t i = 0; i < 24; i++) {
    all += Pattern(60 << 10, i);
    port.Write(*client, Pattern(60 << 10, i));
  }
  port.Until("all of it", [&] { return server->received.size() >= all.size(); });
  CHECK((server->received == all));
  port.CloseAll();
}

TEST_CASE("submissions to an endpoint that closes in the same batch are stale, whatever they ask") {
  Harness port;
  const auto listener = port.Listen();
  for (int round = 0; round < 10; round++) {
    const auto [client, server] = port.Connected(listener);
    port.Write(*client, "before");
    port.Close(*client);
    port.Write(*client, "after");
    port.Receive(*client);
    port.Submit(Operation::kReceiveStop, *client);
    port.Submit(Operation::kShutdown, *client);
    port.Submit(Operation::kAcceptStart, *client);
    port.Close(*client, CloseHow::kReset);
    port.Until("end", [&] { return server->Over() && client->closed; });
    CHECK(server->ended);
    CHECK(server->received == "before");
    CHECK_FALSE(client->shut);
    port.Close(*server);
    port.Until("closed", [&] { return server->closed; });
  }
  port.CloseAll();
}

TEST_CASE("submissions that are for streams do nothing to a listener, and the other way round") {
  Harness port;
  const auto listener = port.Listen();
  port.Submit(Operation::kReceiveStop, *listener);
  port.Submit(Operation::kReceiveStart, *listener);
  port.Submit(Operation::kShutdown, *listener);
  const auto [client, server] = port.Connected(listener);
  port.Submit(Operation::kAcceptStart, *server);
  port.Write(*client, "bytes");
  port.Until("bytes", [&] { return server->received == "bytes"; });
  CHECK_FALSE(listener->shut);
  port.CloseAll();
}

TEST_CASE("a close with the kernel full: what it had taken arrives, and of the rest a beginning") {
  for (const bool flooded : {false, true}) {
    Harness port;
    const auto listener = port.Listen();
    const auto [client, server] = port.Connected(listener, false);
    size_t taken = 0;
    std::string all = Fill(port, client, 1500, &taken);
    if (flooded) {
      for (int more = 0; more < 64; more++) {
        const std::string bytes = Pattern(1000, static_cast<uint32_t>(more));
        CHECK(port.Write(*client, bytes) == 0);  // after what waits already
        all += bytes;
      }
      port.Settle();
    }
    port.Close(*client);
    port.Until("closed", [&] { return client->closed; });
    CHECK(port.Send(*client, "ghost") == UV__EBADF);
    port.Receive(*server);
    port.Until("end", [&] { return server->Over(); });
    CHECK(server->ended);
    CHECK(server->received.size() >= taken);
    CHECK((server->received == all.substr(0, server->received.size())));
    CHECK(port.engine().OpenEndpoints() == 2);  // nothing lingers
    port.CloseAll();
  }
}

TEST_CASE("peers that do not read cannot keep a closed endpoint") {
  constexpr size_t kCount = 50;
  Harness port;
  const auto listener = port.Listen();
  std::vector<StreamPtr> servers;
  for (size_t i = 0; i < kCount; i++) {
    const auto [client, server] = port.Connected(listener, false);
    size_t taken = 0;
    Fill(port, client, 60 << 10, &taken);
    port.Close(*client, i % 2 == 0 ? CloseHow::kGraceful : CloseHow::kReset);
    port.Until("closed", [&] { return client->closed; });
    servers.push_back(server);
  }
  CHECK(port.engine().OpenEndpoints() == 1 + kCount);  // the listener, and who does not read
  for (const auto& server : servers) port.Receive(*server);
  port.Until("over", [&] {
    return std::all_of(servers.begin(), servers.end(),
                       [](const StreamPtr& server) { return server->Over(); });
  });
  port.CloseAll();
}

TEST_CASE("re-entrancy: what handlers of a batch close, connect and listen") {
  Harness port;
  const auto listener = port.Listen();
  const Address address = Harness::Loopback(port.PortOf(listener));
  SUBCASE("a stream closed by the receiver of another one's bytes, in the same batch") {
    std::vector<Harness::Pair> pairs;
    for (int i = 0; i < 20; i++) pairs.push_back(port.Connected(listener));
    std::vector<const Stream*> closed;
    port.on_received = [&](Stream& stream, const uint8_t*, size_t) {
      CHECK(std::find(closed.begin(), closed.end(), &stream) == closed.end());
      for (const auto& pair : pairs) {
        if (pair.server.get() == &stream || !closed.empty()) continue;
        // Everybody else, also those whose bytes are in this very batch: their owner lets them
        // pass.
        port.Close(*pair.server);
      }
      if (closed.empty()) {
        for (const auto& pair : pairs) {
          if (pair.server.get() != &stream) closed.push_back(pair.server.get());
        }
        port.on_received = [](Stream&, const uint8_t*, size_t) {};
      }
    };
    for (const auto& pair : pairs) port.Write(*pair.client, "x");
    port.Until("closed", [&] {
      return std::count_if(pairs.begin(), pairs.end(),
                           [](const Harness::Pair& pair) { return pair.server->closed; }) == 19;
    });
  }
  SUBCASE("a connection made as soon as another one has closed takes its slot, not its past") {
    const auto [client, server] = port.Connected(listener);
    port.Write(*server, "late");
    port.Close(*client);
    port.Close(*server);
    port.Until("closed", [&] { return client->closed && server->closed; });
    for (int i = 0; i < 50; i++) {
      const auto next = port.Connect(address);
      port.Receive(*next);
      port.Until("connected", [&] { return next->connected; });
      CHECK(next->connect_status == kOk);
      CHECK(next->received.empty());
      port.Close(*next);
      port.Until("closed", [&] { return next->closed; });
    }
  }
  SUBCASE("a listener on the port of one that has just closed") {
    uint16_t number = port.PortOf(listener);
    StreamPtr current = listener;
    for (int i = 0; i < 20; i++) {
      port.Close(*current);
      port.Until("closed", [&] { return current->closed; });
      Status status = kOk;
      current = port.Listen(&status, Harness::Loopback(number));
      REQUIRE(status == kOk);
      const auto [client, server] = port.Connected(current);
      port.Close(*server, CloseHow::kReset);
      port.Close(*client, CloseHow::kReset);
    }
  }
  port.CloseAll();
}

TEST_CASE("a slow reader: what waits is counted, and what is borrowed is not copied") {
  Harness port;
  const auto listener = port.Listen();
  const auto [client, server] = port.Connected(listener, false);
  const std::string bytes = Pattern(16 << 20);
  size_t taken = 0;
  for (int i = 0; i < 4; i++) {
    const int64_t sent = port.Send(*client, bytes);
    REQUIRE(sent >= 0);
    taken += static_cast<size_t>(sent);
  }
  CHECK(port.engine().QueuedBytes(client->index, client->generation) == 4 * bytes.size() - taken);
  size_t before = port.engine().QueuedBytes(client->index, client->generation);
  port.Receive(*server);
  port.Until("progress",
             [&] { return port.engine().QueuedBytes(client->index, client->generation) < before; });
  port.Until("all", [&] { return server->received.size() == 4 * bytes.size(); });
  CHECK(port.engine().QueuedBytes(client->index, client->generation) == 0);
  CHECK(client->sent == 1);
  port.CloseAll();
}

#ifdef __linux__

namespace {

size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("resident memory of an idle connection") {
  Harness port;
  const auto listener = port.Listen();
  std::vector<Harness::Pair> pairs;
  pairs.push_back(port.Connected(listener));
  const size_t start = ResidentBytes();
  for (const size_t count : {size_t{1000}, size_t{5000}}) {
    while (pairs.size() < count) pairs.push_back(port.Connected(listener));
    port.Settle();
    // Both ends are ours, and so is what the tests remember of them.
    const size_t each = (ResidentBytes() - std::min(start, ResidentBytes())) / (2 * count);
    MESSAGE(count, " idle connections: ", each, " bytes resident for each end, ", sizeof(Endpoint),
            " of them its slot");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(each < 2048);
#endif
  }
  port.CloseAll();
}

#endif  // __linux__

}  // namespace iocp_net::test

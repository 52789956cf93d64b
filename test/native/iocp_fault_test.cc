// Single failures of Windows, and what comes after them.
#ifdef _WIN32
#include <doctest.h>
#include <process.h>

#include <string>
#include <vector>

#include "harness.h"
#include "injector.h"
#include "iocp/errors.h"
#include "port/engine.h"

namespace iocp_net::test {

namespace {

// Each row strikes once at the first call, and then one of four calls fails.
constexpr uint32_t kErrorsRate = 16384;
constexpr int kRoundsMax = 100;
// NtQueryInformationFile and OpenThread with two errors each, TrySubmitThreadpoolCallback with one.
constexpr size_t kRowsOfShutdown = 5;

// Half of the calls of an engine's start fail.
constexpr uint32_t kHalf = 32768;
constexpr int kStarts = 400;

// What the questions of a start had for an answer; nothing when another failure ends the start.
std::vector<Status> FailedProbes(const std::vector<Strike>& strikes) {
  std::vector<Status> failed;
  for (const Strike& strike : strikes) {
    const FaultRow& row = FaultTable()[strike.row];
    if (row.answer == Answer::kCall) return {};
    if (row.call == "WSASocketW (a probe)") {
      failed.push_back(FromSystemError(static_cast<uint32_t>(row.error)));
    }
  }
  return failed;
}

}  // namespace

TEST_CASE("an engine opens without sockets for its questions, and asks again") {
  Injector injector(1);
  injector.rates.errors = kHalf;
  int opened = 0;
  int refused = 0;
  for (int i = 0; i < kStarts; i++) {
    std::vector<int32_t> control(kControlWords);
    std::vector<double> counters(kCounterCount);
    std::vector<uint8_t> slab(kSlabBytes);
    std::vector<uint8_t> arena(kArenaBytes);
    Engine engine;
    Status status = kOk;
    {
      const Armed armed(injector, true);
      status = engine.Open({control.data(), counters.data(), slab.data(), arena.data()});
    }
    const std::vector<Status> failed = FailedProbes(injector.TakeStrikes());
    if (failed.size() == 2) {  // of both families
      const bool lasts = failed[0] == UV__EAFNOSUPPORT && failed[1] == UV__EAFNOSUPPORT;
      CHECK(status == (lasts ? UV__EAFNOSUPPORT : kOk));
      if (status == kOk) CHECK(engine.Listen(Harness::Loopback(0), 5, 0) == kOk);
      (lasts ? refused : opened)++;
    }
    if (status == kOk) engine.End();
  }
  CHECK(opened > 0);
  CHECK(refused > 0);
}

TEST_CASE("pipe: a shutdown that fails is reported, and the peer sees the end all the same") {
  Harness port;
  Address name;
  name.kind = EndpointKind::kPipe;
  name.host = "\\\\.\\pipe\\iocp-net-native-fault-" + std::to_string(::_getpid());
  const StreamPtr listener = port.Listen(nullptr, name);
  Injector injector(1);
  injector.rates.errors = kErrorsRate;
  std::vector<bool> seen(FaultTable().size());
  size_t seen_count = 0;
  for (int round = 0; round < kRoundsMax && seen_count < kRowsOfShutdown; round++) {
    const StreamPtr client = port.Connect(name);
    port.Until("connected",
               [&] { return client->connected && listener->accepted.size() > size_t(round); });
    REQUIRE(client->connect_status == kOk);
    const StreamPtr server = listener->accepted.back();
    port.Receive(*client);
    // A receive that is in flight takes the first bytes; the others wait to be read.
    port.Write(*client, "taken, ");
    port.Settle();
    port.Write(*client, "unread");
    port.Until("sent", [&] { return !client->stalled; });
    port.Submit(Operation::kShutdown, *client);
    {
      const Armed armed(injector);
      port.engine().Flush();
    }
    port.Until("shut", [&] { return client->shut; });
    Status expected = kOk;
    for (const Strike& strike : injector.TakeStrikes()) {
      const FaultRow& row = FaultTable()[strike.row];
      if (row.answer != Answer::kShut) continue;
      CAPTURE(row.call);
      expected = row.status;
      if (!seen[strike.row]) seen_count++;
      seen[strike.row] = true;
    }
    CHECK(client->shut_status == expected);
    port.Receive(*server);
    port.Until("end", [&] { return server->Over() && client->Over(); });
    CHECK(server->ended);
    CHECK(server->received == "taken, unread");
    CHECK(client->ended);
    port.Close(*client);
    port.Close(*server);
  }
  CHECK(seen_count == kRowsOfShutdown);
  port.CloseAll();
}

}  // namespace iocp_net::test
#endif  // _WIN32

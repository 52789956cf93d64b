// What only Windows' backend has.
#ifdef _WIN32
#include <doctest.h>

#include <atomic>
#include <thread>

#include "harness.h"
#include "iocp/accept_pool.h"
#include "iocp/address.h"
#include "iocp/blocking_call.h"
#include "iocp/completion_queue.h"
#include "iocp/pipe_connection.h"
#include "iocp/pipe_name.h"
#include "iocp/sleeper.h"
#include "port/backend.h"

namespace iocp_net::test {

TEST_CASE("addresses: scopes are numbers") {
  Address address;
  address.family = 6;
  address.host = "fe80::1%7";
  address.port = 80;
  SystemAddress system;
  REQUIRE(ToSystem(address, &system) == kOk);
  CHECK(system.v6.sin6_scope_id == 7);
  Address back;
  FromSystem(system, &back);
  CHECK(back.host == "fe80::1%7");
  CHECK(back.port == 80);
  address.host = "::";
  REQUIRE(ToSystem(address, &system) == kOk);
  system.UnspecifiedToLoopback();
  CHECK(system.IsLoopback());
}

TEST_CASE("pipe names") {
  std::wstring name;
  CHECK(ToPipeName("\\\\.\\pipe\\caf\xC3\xA9", &name) == kOk);
  CHECK((name == L"\\\\.\\pipe\\caf\u00E9"));
  CHECK(ToPipeName("", &name) == UV__EINVAL);
  CHECK(ToPipeName(std::string("a\0b", 3), &name) == UV__EINVAL);
  CHECK(ToPipeName("\xFF\xFE", &name) == UV__ECHARSET);
}

namespace {

// What the queue makes of an operation, without a transport that it would be completed by.
struct CountedOperation final : IoOperation {
  void Complete(Transport&, Endpoint&, Status, size_t) override { FAIL("not dispatched"); }
};

struct Counting final : CompletionQueue::Dispatcher {
  void Dispatch(IoOperation&, Status, size_t) override { count++; }
  int count = 0;
};

}  // namespace

// ---- the pool of accepts ----

namespace {

struct FakePool final : AcceptPool {
  explicit FakePool(CompletionQueue& completion_queue) : queue(completion_queue) {}

  Posted Post(Endpoint& endpoint, AcceptOperation& operation) override {
    posts++;
    if (next != kOk) return Posted::Failed(next);
    queue.Begin(endpoint, operation);
    posted.push_back(&operation);
    return Posted::InFlight();
  }
  bool Finish(Endpoint&, AcceptOperation& operation) override {
    operation.handle = connection;
    return complete;
  }
  void CloseConnection(AcceptOperation& operation) override {
    operation.handle = INVALID_HANDLE_VALUE;
  }
  void Close(Endpoint&) override {}

  void Arrive(Endpoint& endpoint, Status status = kOk) {
    AcceptOperation* const operation = posted.front();
    posted.erase(posted.begin());
    queue.End(*operation);
    OnAccepted(endpoint, *operation, status);
  }

  CompletionQueue& queue;
  Status next = kOk;
  bool complete = true;
  HANDLE connection = reinterpret_cast<HANDLE>(0x1234);
  std::vector<AcceptOperation*> posted;
  int posts = 0;
};

}  // namespace

TEST_CASE("accept pool: posted again as soon as its connection is taken, oldest first") {
  CompletionQueue queue;
  Endpoint listener;
  FakePool pool(queue);
  REQUIRE(pool.Start(listener, 3) == kOk);
  CHECK(listener.native.in_flight == 3);
  HANDLE handle = nullptr;
  bool skip = false;
  CHECK(pool.Take(listener, &handle, &skip) == UV__EAGAIN);
  CHECK_FALSE(pool.Acceptable(listener));
  for (uintptr_t i = 1; i <= 3; i++) {
    pool.connection = reinterpret_cast<HANDLE>(i);
    pool.Arrive(listener);
  }
  CHECK(pool.Acceptable(listener));
  CHECK(listener.native.in_flight == 0);
  for (uintptr_t i = 1; i <= 3; i++) {
    REQUIRE(pool.Take(listener, &handle, &skip) == kOk);
    CHECK(handle == reinterpret_cast<HANDLE>(i));
    CHECK(listener.native.in_flight == i);
  }
}

TEST_CASE("accept pool: a connection that is gone costs nothing") {
  CompletionQueue queue;
  Endpoint listener;
  FakePool pool(queue);
  REQUIRE(pool.Start(listener, 1) == kOk);
  pool.Arrive(listener, UV__ECONNRESET);
  CHECK(listener.native.in_flight == 1);
  pool.complete = false;
  pool.Arrive(listener);
  CHECK(listener.native.in_flight == 1);
  CHECK_FALSE(pool.Acceptable(listener));
}

TEST_CASE("accept pool: never stops accepting without a report") {
  CompletionQueue queue;
  Endpoint listener;
  FakePool pool(queue);
  REQUIRE(pool.Start(listener, 2) == kOk);
  HANDLE handle = nullptr;
  bool skip = false;
  pool.next = UV__ENOBUFS;
  pool.Arrive(listener);
  REQUIRE(pool.Take(listener, &handle, &skip) == kOk);  // and could not be posted again
  CHECK(listener.native.in_flight == 1);
  CHECK(pool.Take(listener, &handle, &skip) == UV__EAGAIN);  // the other one is still posted
  pool.Arrive(listener);
  REQUIRE(pool.Take(listener, &handle, &skip) == kOk);
  CHECK(listener.native.in_flight == 0);
  CHECK(pool.Acceptable(listener));  // there is a failure to report
  CHECK(pool.Take(listener, &handle, &skip) == UV__ENOBUFS);
  CHECK(pool.Take(listener, &handle, &skip) == UV__ENOBUFS);
  pool.next = kOk;
  CHECK(pool.Take(listener, &handle, &skip) == UV__EAGAIN);
  CHECK(listener.native.in_flight == 2);
}

TEST_CASE("accept pool: an accept that would block has failed, and is not in flight") {
  CompletionQueue queue;
  Endpoint listener;
  FakePool pool(queue);
  REQUIRE(pool.Start(listener, 1) == kOk);
  HANDLE handle = nullptr;
  bool skip = false;
  pool.next = UV__EAGAIN;
  pool.Arrive(listener, UV__EAGAIN);
  CHECK(pool.Acceptable(listener));
  CHECK(pool.Take(listener, &handle, &skip) == UV__ENOBUFS);
  pool.next = kOk;
  CHECK(pool.Take(listener, &handle, &skip) == UV__EAGAIN);
  CHECK(listener.native.in_flight == 1);
}

TEST_CASE("accept pool: a storm of resets is passed over in bounded steps") {
  CompletionQueue queue;
  Endpoint listener;
  FakePool pool(queue);
  pool.next = UV__ECONNRESET;
  CHECK(pool.Start(listener, 1) == UV__ECONNRESET);
  CHECK(pool.posts < 100);
}

// ---- the sleeper ----

TEST_CASE("sleeper: no wake-up is lost") {
  Harness port;
  Handle woken(::CreateEventW(nullptr, FALSE, FALSE, nullptr));
  std::atomic<int> wakes{0};
  struct Context {
    HANDLE event;
    std::atomic<int>* wakes;
  } context{woken.get(), &wakes};
  REQUIRE(port.engine().backend().StartSleeper(
              [](void* argument) {
                auto* const self = static_cast<Context*>(argument);
                self->wakes->fetch_add(1);
                ::SetEvent(self->event);
              },
              &context) == kOk);
  // The loop of Node, in small: turns only when woken, arms before it sleeps.
  const auto until = [&](const std::function<bool()>& condition) {
    while (!condition()) {
      port.Turn(0);
      if (condition()) return;
      if (port.engine().HasReady() || port.engine().HasCompletions() ||
          !port.engine().backend().Drained()) {
        continue;
      }
      port.engine().backend().Arm();
      REQUIRE(::WaitForSingleObject(woken.get(), 30000) == WAIT_OBJECT_0);
    }
  };
  // A peer on a thread of its own, now quick, now slow, so that its bytes come at every moment of
  // the loop's falling asleep.
  constexpr int kRounds = 1500;
  const auto listener = port.Listen();
  const uint16_t number = port.PortOf(listener);
  std::thread peer([number] {
    const Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(number);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
      return;
    volatile uint32_t state = 1;
    for (int round = 0; round < kRounds; round++) {
      for (uint32_t spin = (state * 2654435761u) >> 18; spin > 0; spin--) state = state + spin;
      char byte = 'x';
      if (::send(socket.get(), &byte, 1, 0) != 1 || ::recv(socket.get(), &byte, 1, 0) != 1) return;
    }
  });
  until([&] { return !listener->accepted.empty(); });
  const StreamPtr server = listener->accepted[0];
  port.on_received = [&](Stream& stream, const uint8_t* bytes, size_t length) {
    stream.received.append(reinterpret_cast<const char*>(bytes), length);
    port.Write(stream, std::string(length, 'y'));
  };
  port.Receive(*server);
  until([&] { return server->Over(); });
  peer.join();
  CHECK(server->received.size() == kRounds);
  CHECK(wakes > 0);
  // A caller that waits itself takes over.
  port.CloseAll();
}

TEST_CASE("sleeper: stops while it is blocked, while it rests, and with packets in hand") {
  CompletionQueue queue;
  REQUIRE(queue.Open() == kOk);
  SUBCASE("resting") {
    REQUIRE(queue.StartSleeper([](void*) {}, nullptr) == kOk);
  }
  SUBCASE("blocked") {
    REQUIRE(queue.StartSleeper([](void*) {}, nullptr) == kOk);
    queue.Arm();
    ::Sleep(20);
  }
  SUBCASE("just armed") {
    for (int i = 0; i < 50; i++) {
      REQUIRE(queue.StartSleeper([](void*) {}, nullptr) == kOk);
      queue.Arm();
      queue.Arm();
    }
  }
  SUBCASE("packets in hand") {
    Counting counting;
    Endpoint endpoint;
    CountedOperation operation;
    Handle woken(::CreateEventW(nullptr, FALSE, FALSE, nullptr));
    const auto wake = [](void* event) { ::SetEvent(event); };
    REQUIRE(queue.StartSleeper(wake, woken.get()) == kOk);
    queue.Arm();
    queue.Begin(endpoint, operation);
    queue.Post(operation);
    REQUIRE(::WaitForSingleObject(woken.get(), 30000) == WAIT_OBJECT_0);
    // The last look found nothing; to sleep now would be to sleep for good.
    CHECK_FALSE(queue.Drained());
    CHECK(queue.Wait(-1, counting) == 1);  // would block for ever if the helper kept the packet
    CHECK(counting.count == 1);
    CHECK(endpoint.native.in_flight == 0);
  }
}

TEST_CASE("what was decided without the system wakes a sleeping loop too") {
  CompletionQueue queue;
  REQUIRE(queue.Open() == kOk);
  Endpoint endpoint;
  CountedOperation operation;
  std::atomic<int> wakes{0};
  REQUIRE(queue.StartSleeper(
              [](void* count) { static_cast<std::atomic<int>*>(count)->fetch_add(1); }, &wakes) ==
          kOk);
  queue.Begin(endpoint, operation);
  queue.Decide(operation, kOk, 5);
  CHECK_FALSE(queue.Drained());
  queue.Arm();
  CHECK(wakes == 1);
}

// ---- calls on other threads ----

TEST_CASE("blocking call: ends with a packet, or is interrupted") {
  Counting counting;
  CompletionQueue queue;
  REQUIRE(queue.Open() == kOk);
  Endpoint endpoint;
  for (int i = 0; i < 50; i++) {
    CountedOperation operation;
    BlockingCall call;
    queue.Begin(endpoint, operation);
    counting.count = 0;
    if (i % 2 == 0) {
      REQUIRE(call.Start(queue, operation, [] { return uint32_t{7}; }) == 0);
      while (counting.count == 0) queue.Wait(1000, counting);
      CHECK(call.error() == 7);
    } else {
      // A pipe that nobody offers an instance of.
      const std::wstring name = L"\\\\.\\pipe\\iocp-net-blocking-" + std::to_wstring(i);
      const Handle server(
          ::CreateNamedPipeW(name.c_str(), PIPE_ACCESS_DUPLEX, 0, 1, 0, 0, 0, nullptr));
      const Handle client(
          ::CreateFileW(name.c_str(), GENERIC_READ, 0, nullptr, OPEN_EXISTING, 0, nullptr));
      REQUIRE(client.valid());
      REQUIRE(call.Start(queue, operation, [&] {
        return ::WaitNamedPipeW(name.c_str(), 60000) ? 0u : static_cast<uint32_t>(::GetLastError());
      }) == 0);
      if (i % 4 == 1) ::Sleep(5);
      call.Cancel();
      while (counting.count == 0) queue.Wait(1000, counting);
      CHECK(call.error() == ERROR_OPERATION_ABORTED);
    }
    CHECK(endpoint.native.in_flight == 0);
  }
}

TEST_CASE("timer: posts once, or is cancelled for good") {
  Counting counting;
  CompletionQueue queue;
  REQUIRE(queue.Open() == kOk);
  Endpoint endpoint;
  CountedOperation operation;
  PostTimer timer;
  queue.Begin(endpoint, operation);
  REQUIRE(timer.Start(queue, operation, 1));
  while (counting.count == 0) queue.Wait(1000, counting);
  CHECK_FALSE(timer.Cancel());
  queue.Begin(endpoint, operation);
  REQUIRE(timer.Start(queue, operation, 60000));
  CHECK(timer.Cancel());
  queue.End(operation);
  CHECK(queue.Wait(20, counting) == 0);
  CHECK(counting.count == 1);
}

}  // namespace iocp_net::test
#endif  // _WIN32

// Linux: storms of connections while the process has hardly a descriptor left, and faults besides.
#ifdef __linux__
#include <doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <random>

#include "epoll/descriptor.h"
#include "harness.h"
#include "injector.h"

namespace iocp_net::test {

namespace {

constexpr size_t kClients = 120;
constexpr int kRounds = 12;

// Lowers the limit so that so many numbers are free below it.
class FewDescriptors {
 public:
  explicit FewDescriptors(size_t free) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual_) == 0);
    std::vector<Descriptor> taken;
    for (size_t i = 0; i <= free; i++) taken.emplace_back(::dup(0));
    rlimit tight = usual_;
    tight.rlim_cur = static_cast<rlim_t>(taken.back().get());
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &usual_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit usual_{};
};

std::vector<Descriptor> Clients() {
  std::vector<Descriptor> clients;
  for (size_t i = 0; i < kClients; i++) {
    clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    REQUIRE(clients.back().valid());
  }
  return clients;
}

bool IsOver(const Descriptor& client) {
  char byte = 0;
  const ssize_t received = ::recv(client.get(), &byte, 1, MSG_DONTWAIT);
  return received == 0 || (received < 0 && errno != EAGAIN);
}

uint16_t LocalPort(const Descriptor& client) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  REQUIRE(::getsockname(client.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return ntohs(address.sin_port);
}

}  // namespace

TEST_CASE("accept storms at the descriptor limit: served or closed, nobody hangs, and it goes on") {
  const uint32_t seed = std::random_device()();
  INFO("seed ", seed);
  sim::Random random(seed);
  Injector injector(seed);
  const size_t before = OpenDescriptors();
  size_t refused = 0;
  size_t served = 0;
  {
    Harness port;
    const auto listener = port.Listen();
    const auto quiet = port.Connected(listener);
    listener->accepted.clear();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port.PortOf(listener));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto turn = [&] {
      {
        const Armed armed(injector);
        port.Turn(0);
      }
      if (listener->accept_failure == kOk) return;
      listener->accept_failure = kOk;
      // Without its reserve, when that could not be opened again, the engine can refuse nobody: it
      // goes on as soon as the program closes something.
      if (!listener->accepted.empty()) {
        port.Close(*listener->accepted.back(), CloseHow::kReset);
        listener->accepted.pop_back();
      }
      port.Submit(Operation::kAcceptStart, *listener);  // as JavaScript's timer
    };
    std::string told;
    for (int round = 0; round < kRounds; round++) {
      injector.rates.errors = round % 2 == 0 ? 0 : 8'000;
      injector.rates.late = round % 3 == 0 ? 0 : 8'000;
      std::vector<Descriptor> clients = Clients();
      {
        const FewDescriptors few(random.UpTo(20));
        for (const Descriptor& client : clients) {
          static_cast<void>(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address),
                                      sizeof(address)));
          if (random.Below(4) == 0) turn();
          if (random.Below(8) == 0 && !listener->accepted.empty()) {
            port.Close(*listener->accepted.back(), CloseHow::kReset);
            listener->accepted.pop_back();
          }
        }
        // The descriptors of those that were served are in use: the rest is refused.
        injector.rates = {};
        port.Until("everybody served or closed", [&] {
          turn();
          const auto open = static_cast<size_t>(std::count_if(
              clients.begin(), clients.end(), [](const Descriptor& one) { return !IsOver(one); }));
          return open == listener->accepted.size();
        });
        told += "in the storm";
        port.Write(*quiet.client, "in the storm");
        port.Until("the quiet one", [&] { return quiet.server->received == told; });
      }
      served += listener->accepted.size();
      refused += kClients - listener->accepted.size();
      // Each that is open belongs to one that was accepted, and to one alone.
      std::vector<uint16_t> open;
      std::vector<uint16_t> accepted;
      for (const Descriptor& client : clients) {
        if (!IsOver(client)) open.push_back(LocalPort(client));
      }
      for (const StreamPtr& stream : listener->accepted) {
        Address peer;
        REQUIRE(port.engine().PeerAddress(stream->index, stream->generation, &peer) == kOk);
        accepted.push_back(peer.port);
        port.Close(*stream);
      }
      std::sort(open.begin(), open.end());
      std::sort(accepted.begin(), accepted.end());
      CHECK(open == accepted);
      listener->accepted.clear();
      // Without being started anew it serves again, as soon as there are descriptors.
      const auto next = port.Connected(listener);
      port.Close(*next.client);
      port.Close(*next.server);
      port.Settle();
      listener->accepted.clear();
    }
    injector.TakeStrikes();
    port.CloseAll();
  }
  CHECK(refused > 0);
  CHECK(served > 0);
  CHECK(OpenDescriptors() == before);
}

}  // namespace iocp_net::test
#endif  // __linux__

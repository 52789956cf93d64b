// A random program opens another engine: what went wrong while it opened has no consequences.
#include <algorithm>
#include <iterator>

#include "fault_player.h"

namespace iocp_net::test {

namespace {

constexpr uint32_t kOftenErrors = 20'000;

// An engine and what it shares.
struct Another {
  std::vector<int32_t> control = std::vector<int32_t>(kControlWords);
  std::vector<double> counters = std::vector<double>(kCounterCount);
  std::vector<uint8_t> bytes = std::vector<uint8_t>(kSlabBytes + kArenaBytes);
  Engine engine;

  Status Open() {
    return engine.Open({control.data(), counters.data(), bytes.data(), bytes.data() + kSlabBytes});
  }
  // The address of a listener of a free port.
  Status Listen(int32_t family, Address* address) {
    *address = Harness::Loopback(0, family);
    const Status status = engine.Listen(*address, 511, 0);
    if (status != kOk) return status;
    Address bound;
    const Status asked =
        engine.LocalAddress(control[kReplyIndex], control[kReplyGeneration], &bound);
    address->port = bound.port;
    return asked;
  }
};

}  // namespace

bool FaultPlayer::HasIpv6() {
  static const bool has = [] {
    Another engine;
    Address address;
    return engine.Open() == kOk && engine.Listen(6, &address) == kOk;
  }();
  return has;
}

void FaultPlayer::OpenAnother() {
  const int families = HasIpv6() ? 2 : 1;
  Another other;
  probes_lasting_.clear();
  const Status status = Direct("another engine", [&] { return other.Open(); });
  const auto& lasting = probes_lasting_;
  const bool explained =
      direct_struck_ || (std::ssize(lasting) >= families &&
                         std::find(lasting.begin(), lasting.end(), status) != lasting.end());
  if ((status != kOk && !explained) || (status == kOk && lasting.size() > 1)) {
    Fail("another engine opens with ", status, ", and lasts without ", lasting.size(), " families");
  }
  if (status == UV__ENOTSUP) Fail("an engine hides why it does not open");
  if (status != kOk) return;

  Another peer;
  Address addresses[2];
  if (peer.Open() != kOk || peer.Listen(4, &addresses[0]) != kOk ||
      (families > 1 && peer.Listen(6, &addresses[1]) != kOk)) {
    Fail("a third engine does not listen");
  }
  for (int i = 0; i < families; i++) AskAnother(other.engine, addresses[i]);
  other.engine.End();
  peer.engine.End();
}

// Asks again for what could not be had: perhaps it fails once more, and is had after that.
void FaultPlayer::AskAnother(Engine& other, const Address& peer) {
  const Address any = Harness::Loopback(0, peer.family);
  const bool listens = random_.Below(2) == 0;
  const auto ask = [&] {
    return listens ? other.Listen(any, 511, 0) : other.Connect(peer, nullptr);
  };
  probes_struck_ = 0;
  const uint32_t errors = std::exchange(injector_.rates.errors, kOftenErrors);
  const Status once = Direct("another engine, asked", ask);
  injector_.rates.errors = errors;
  connect_struck_.reset();  // of a connection that nobody looks at
  const bool explained = direct_struck_ || probes_struck_ > 0 || pools_[kSockets].MayFail(once);
  if (once != kOk && !explained) Fail("another engine, asked, fails with ", once);
  if (once == kOk && probes_struck_ > 0)
    Fail("another engine goes on without what it has asked for");
  if (const Status status = ask(); status != kOk) {
    Fail("another engine does not ", listens ? "listen: " : "connect: ", status);
  }
}

}  // namespace iocp_net::test

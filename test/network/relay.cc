#include "relay.h"

#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace iocp_net::network {

namespace {

using sim::Random;

constexpr size_t kPacketBytesMax = 65536;
constexpr uint32_t kHoldMsMax = 6;  // of a packet that others overtake, and of a second copy
constexpr size_t kForgedPayloadBytesMin = 64;
constexpr int kInternetVersion = 4;
constexpr uint8_t kTcp = 6;

[[noreturn]] void Throw(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

bool Happens(Random* random, uint32_t of_1000) { return random->Below(1000) < of_1000; }

// One byte: neither IP's nor TCP's checksum misses that, whichever it is.
void Corrupt(Random* random, std::vector<uint8_t>* bytes) {
  uint8_t& byte = (*bytes)[random->Below(bytes->size())];
  byte = static_cast<uint8_t>(byte ^ random->UpTo(255));
}

// Exchanges two words of the payload, which leaves the sum of all words as it was.
bool Forge(Random* random, std::vector<uint8_t>* bytes) {
  std::vector<uint8_t>& all = *bytes;
  const size_t internet_bytes = static_cast<size_t>(all[0] & 0x0f) * 4;
  if (all.size() < internet_bytes + 20 || all[9] != kTcp) return false;
  const size_t start = internet_bytes + static_cast<size_t>(all[internet_bytes + 12] >> 4) * 4;
  if (all.size() < start + kForgedPayloadBytesMin) return false;
  const size_t words = (all.size() - start) / 2;
  uint8_t* const one = &all[start + 2 * random->Below(words)];
  uint8_t* const other = &all[start + 2 * random->Below(words)];
  if (std::equal(one, one + 2, other)) return false;
  std::swap_ranges(one, one + 2, other);
  return true;
}

Descriptor MakeTimer() {
  Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer.valid()) Throw("timerfd_create");
  return timer;
}

}  // namespace

Relay::Relay(const Plan& plan, int first_tun, int second_tun)
    : plan_(plan),
      tuns_{first_tun, second_tun},
      timer_(MakeTimer()),
      before_outage_(plan.outage_every == 0 ? 0 : Random(plan.seed).Below(plan.outage_every)) {}

void Relay::Run(int control) {
  std::array<pollfd, 4> watched{{{tuns_[0], POLLIN, 0},
                                 {tuns_[1], POLLIN, 0},
                                 {timer_.get(), POLLIN, 0},
                                 {control, POLLIN, 0}}};
  for (;;) {
    SetTimer();
    if (::poll(watched.data(), watched.size(), -1) < 0) {
      if (errno == EINTR) continue;
      Throw("poll");
    }
    if (watched[2].revents != 0) Tick();
    for (const size_t direction : {size_t{0}, size_t{1}}) {
      if (watched[direction].revents != 0) ReadAll(direction);
    }
    if (watched[3].revents != 0) {
      char ignored = 0;
      if (::read(control, &ignored, 1) == 0) return;
    }
  }
}

void Relay::ReadAll(size_t direction) {
  std::array<uint8_t, kPacketBytesMax> buffer;
  for (;;) {
    const ssize_t length = ::read(tuns_.at(direction), buffer.data(), buffer.size());
    if (length < 0) {
      if (errno == EAGAIN) return;
      if (errno == EINTR) continue;
      Throw("read from a TUN device");
    }
    // IPv6 looks for routers on its own; nobody here speaks it.
    if (length == 0 || buffer[0] >> 4 != kInternetVersion) continue;
    Take(direction, {buffer.data(), static_cast<size_t>(length)});
  }
}

void Relay::Take(size_t direction, std::span<const uint8_t> bytes) {
  ++figures_.packets;
  Random random(plan_.seed ^ Random(2 * taken_.at(direction)++ + direction).Next());
  if (InOutage()) {
    ++figures_.lost_in_outages;
    return;
  }
  if (Happens(&random, plan_.loss)) {
    ++figures_.lost;
    return;
  }
  Packet packet{direction, Happens(&random, plan_.corruption), {bytes.begin(), bytes.end()}};
  if (packet.corrupted) {
    Corrupt(&random, &packet.bytes);
    ++figures_.corrupted;
  }
  if (Happens(&random, plan_.forgery) && Forge(&random, &packet.bytes)) ++figures_.forged;

  const uint64_t delay_ms = plan_.delay_ms + random.Below(plan_.jitter_ms + 1);
  if (delay_ms > 0) ++figures_.delayed;
  uint64_t& last_due_ms = last_due_ms_.at(direction);
  uint64_t due_ms = std::max(last_due_ms, now_ms_ + delay_ms);
  last_due_ms = due_ms;
  if (Happens(&random, plan_.reordering)) {
    ++figures_.reordered;
    due_ms += random.UpTo(kHoldMsMax);
  }
  if (Happens(&random, plan_.duplication)) {
    ++figures_.duplicated;
    Pass(packet, due_ms + random.Below(kHoldMsMax));
  }
  Pass(std::move(packet), due_ms);
}

bool Relay::InOutage() {
  if (now_ms_ < outage_until_ms_) return true;
  if (plan_.outage_every == 0 || before_outage_-- > 0) return false;
  before_outage_ = plan_.outage_every;
  ++figures_.outages;
  outage_until_ms_ = now_ms_ + plan_.outage_ms;
  return true;
}

void Relay::Pass(Packet packet, uint64_t due_ms) {
  if (due_ms <= now_ms_) {
    Deliver(packet);
  } else {
    waiting_.emplace(std::pair(due_ms, order_++), std::move(packet));
  }
}

void Relay::Deliver(const Packet& packet) {
  const int tun = tuns_.at(1 - packet.direction);
  const ssize_t length = ::write(tun, packet.bytes.data(), packet.bytes.size());
  // The device itself discards what is not IP of either version any more.
  if (length < 0 && !(errno == EINVAL && packet.corrupted)) Throw("write to a TUN device");
  ++figures_.delivered;
}

void Relay::DeliverDue() {
  while (!waiting_.empty() && waiting_.begin()->first.first <= now_ms_) {
    const auto node = waiting_.extract(waiting_.begin());
    Deliver(node.mapped());
  }
}

void Relay::Tick() {
  uint64_t ticks = 0;
  if (::read(timer_.get(), &ticks, sizeof(ticks)) < 0) {
    if (errno == EAGAIN) return;
    Throw("read from the timer");
  }
  now_ms_ += ticks;
  DeliverDue();
}

// Each millisecond while something waits.
void Relay::SetTimer() {
  const bool runs = !waiting_.empty() || now_ms_ < outage_until_ms_;
  if (runs == timer_runs_) return;
  timer_runs_ = runs;
  const timespec each{0, runs ? 1'000'000 : 0};
  const itimerspec setting{each, each};
  if (::timerfd_settime(timer_.get(), 0, &setting, nullptr) != 0) Throw("timerfd_settime");
}

}  // namespace iocp_net::network

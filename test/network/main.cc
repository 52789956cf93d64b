// Two network namespaces and what lies between them. Prints where the namespaces are, relays until
// its input ends, and then prints what became of the packets.
#include <unistd.h>

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "relay.h"
#include "side.h"

namespace iocp_net::network {

namespace {

constexpr const char* kHelp = R"(usage: iocp_net_relay [options]

  --seed N           decides about every packet (default 1)
  --loss N           of 1000 packets so many are lost
  --corruption N     ... have one byte changed
  --duplication N    ... come twice
  --reordering N     ... are held back, and overtaken
  --forgery N        ... have other contents under a checksum that holds
  --delay N          milliseconds that every packet takes
  --jitter N         and up to so many more
  --outage-every N   once in so many packets nothing passes
  --outage N         for so many milliseconds
  --mtu N            bytes of the devices (default 1500)

The exit code is 77 where the system permits no namespace or no TUN device.
)";

// Documentation's network, RFC 5737.
constexpr const char* kServer = "192.0.2.1";
constexpr const char* kClient = "192.0.2.2";
constexpr int kNotPermitted = 77;
constexpr int kFailed = 1;

struct Options {
  Plan plan;
  uint32_t mtu_bytes = 1500;
};

template <typename Number>
Number ToNumber(std::string_view name, std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument(std::string(name) + " takes a number, not " + std::string(text));
  }
  return number;
}

Options Parse(int count, char** arguments) {
  Options options;
  Plan& plan = options.plan;
  const std::map<std::string_view, uint32_t*> names{
      {"--loss", &plan.loss},
      {"--corruption", &plan.corruption},
      {"--duplication", &plan.duplication},
      {"--reordering", &plan.reordering},
      {"--forgery", &plan.forgery},
      {"--delay", &plan.delay_ms},
      {"--jitter", &plan.jitter_ms},
      {"--outage-every", &plan.outage_every},
      {"--outage", &plan.outage_ms},
      {"--mtu", &options.mtu_bytes},
  };
  for (int at = 1; at < count; at += 2) {
    const std::string_view name = arguments[at];
    if (at + 1 == count) throw std::invalid_argument(std::string(name) + " takes a number");
    const std::string_view value = arguments[at + 1];
    if (name == "--seed") {
      plan.seed = ToNumber<uint64_t>(name, value);
    } else if (const auto found = names.find(name); found != names.end()) {
      *found->second = ToNumber<uint32_t>(name, value);
    } else {
      throw std::invalid_argument("unknown option " + std::string(name));
    }
  }
  return options;
}

void Print(const Figures& figures) {
  std::printf("{\"packets\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"lost\":%" PRIu64
              ",\"corrupted\":%" PRIu64 ",\"duplicated\":%" PRIu64 ",\"reordered\":%" PRIu64
              ",\"forged\":%" PRIu64 ",\"delayed\":%" PRIu64 ",\"outages\":%" PRIu64
              ",\"lostInOutages\":%" PRIu64 "}\n",
              figures.packets, figures.delivered, figures.lost, figures.corrupted,
              figures.duplicated, figures.reordered, figures.forged, figures.delayed,
              figures.outages, figures.lost_in_outages);
}

void Run(const Options& options) {
  const int mtu_bytes = static_cast<int>(options.mtu_bytes);
  const Side server(kServer, mtu_bytes);
  const Side client(kClient, mtu_bytes);
  std::printf(R"({"server":"%s","client":"%s"})"
              "\n",
              server.path().c_str(), client.path().c_str());
  std::fflush(stdout);
  Relay relay(options.plan, server.tun(), client.tun());
  relay.Run(STDIN_FILENO);
  Print(relay.figures());
}

int Main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "--help") {
    std::fputs(kHelp, stdout);
    return 0;
  }
  try {
    Run(Parse(count, arguments));
    return 0;
  } catch (const NotPermitted& refusal) {
    std::fprintf(stderr, "%s\n", refusal.what());
    return kNotPermitted;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "iocp_net_relay: %s\n", error.what());
    return kFailed;
  }
}

}  // namespace

}  // namespace iocp_net::network

int main(int argc, char** argv) { return iocp_net::network::Main(argc, argv); }

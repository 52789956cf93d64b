#include "port/features.h"

#include "iocp/handle.h"
#include "iocp/winsock.h"

namespace iocp_net {

std::vector<Feature> ProbeFeatures() {
  WinsockSession session;
  if (session.Start() != kOk) return {{"Winsock 2.2", false}};
  Provider ipv4;
  Provider ipv6;
  static_cast<void>(Provider::Of(AF_INET, &ipv4));
  static_cast<void>(Provider::Of(AF_INET6, &ipv6));
  return {
      {"Winsock 2.2", true},
      {"IPv4 with AcceptEx and ConnectEx", ipv4.Usable()},
      {"IPv6 with AcceptEx and ConnectEx", ipv6.Usable()},
      // Without it every operation costs a packet, also one that succeeds at once: a layered
      // provider is installed.
      {"completions skipped on success, IPv4 (XP1_IFS_HANDLES)", ipv4.skip_on_success},
      {"completions skipped on success, IPv6 (XP1_IFS_HANDLES)", ipv6.skip_on_success},
      {"named pipes on the completion port", true},
  };
}

}  // namespace iocp_net

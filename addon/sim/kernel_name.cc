// Names of the simulated kernel: who is bound where, and who listens there.
#include <algorithm>

#include "sim/kernel.h"
#include "sim/name.h"

namespace iocp_net::sim {

namespace {

constexpr uint16_t kFirstPort = 32768;
constexpr uint16_t kPorts = 28000;

}  // namespace

uint16_t Kernel::FreePort() {
  next_port_ = static_cast<uint16_t>((next_port_ + 1) % kPorts);
  return static_cast<uint16_t>(kFirstPort + next_port_);
}

// Whether somebody else has the port, at this address or at one that includes it.
bool Kernel::Taken(const Socket& socket, const Address& address) {
  for (const auto& [name, owners] : bound_) {
    const auto& [host, port] = name;
    if (port != address.port) continue;
    for (const uint64_t id : owners) {
      const Socket& owner = *FindById(id);
      if (owner.share_port && socket.share_port) continue;
      const bool both_families =
          (Wildcard(address.host) && address.family == 6 && !socket.ipv6_only) ||
          (host == "::" && !owner.ipv6_only);
      if (owner.family != address.family && !both_families) continue;
      if (host == address.host || Wildcard(host) || Wildcard(address.host)) return true;
    }
  }
  return false;
}

Status Kernel::Bind(int fd, const Address& address, BindHow how) {
  Socket* const socket = Of(fd);
  if (socket == nullptr) return UV__EBADF;
  const Status error = Error({UV__EADDRINUSE, UV__EADDRNOTAVAIL, UV__EACCES, UV__ENOMEM});
  if (error != kOk) return error;
  if (socket->kind == EndpointKind::kPipe) {
    if (paths_.count(address.host) != 0) return UV__EADDRINUSE;
    paths_[address.host] = socket->id;
    socket->local = address;
    socket->bound = true;
    return kOk;
  }
  if (!OfFamily(address)) return UV__EINVAL;
  if (!OfThisMachine(address.host)) return UV__EADDRNOTAVAIL;
  socket->share_port = how.share_port;
  socket->ipv6_only = how.ipv6_only;
  Address local = address;
  if (address.port == 0) {
    do {
      local.port = FreePort();
    } while (Taken(*socket, local));
  } else if (Taken(*socket, local)) {
    return UV__EADDRINUSE;
  }
  bound_[{local.host, local.port}].push_back(socket->id);
  socket->local = local;
  socket->bound = true;
  return kOk;
}

Socket* Kernel::ListenerAt(const Address& address) {
  if (address.kind == EndpointKind::kPipe) {
    const auto found = paths_.find(address.host);
    return found == paths_.end() ? nullptr : FindById(found->second);
  }
  for (const std::string& host : {address.host, std::string("0.0.0.0"), std::string("::")}) {
    if (address.family == 6 && host == "0.0.0.0") continue;
    const auto owners = bound_.find({host, address.port});
    if (owners == bound_.end()) continue;
    const size_t first = owners->second.size() > 1 ? random_.Below(owners->second.size()) : 0;
    for (size_t i = 0; i < owners->second.size(); i++) {
      Socket* const owner = FindById(owners->second[(first + i) % owners->second.size()]);
      if (owner->state != Socket::State::kListening) continue;
      if (owner->family == address.family || !owner->ipv6_only) return owner;
    }
  }
  return nullptr;
}

}  // namespace iocp_net::sim

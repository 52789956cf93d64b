#include "side.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace iocp_net::network {

namespace {

constexpr const char* kDevice = "net0";
constexpr const char* kMask = "255.255.255.0";

// What a container without CAP_SYS_ADMIN or CAP_NET_ADMIN, or without the device, answers.
bool IsRefusal(int error) {
  return error == EPERM || error == EACCES || error == ENOENT || error == ENODEV ||
         error == ENXIO || error == ENOSYS;
}

[[noreturn]] void Throw(const std::string& what) {
  const int error = errno;
  if (IsRefusal(error)) throw NotPermitted(what + ": " + std::generic_category().message(error));
  throw std::system_error(error, std::generic_category(), what);
}

void SetAddress(int socket, unsigned long request, const char* address, const char* what) {
  ifreq request_of{};
  std::strncpy(request_of.ifr_name, kDevice, IFNAMSIZ - 1);
  sockaddr_in internet{};
  internet.sin_family = AF_INET;
  if (::inet_pton(AF_INET, address, &internet.sin_addr) != 1) {
    throw std::invalid_argument(std::string("no IPv4 address: ") + address);
  }
  static_assert(sizeof(internet) == sizeof(request_of.ifr_addr));
  std::memcpy(&request_of.ifr_addr, &internet, sizeof(internet));
  if (::ioctl(socket, request, &request_of) != 0) Throw(what);
}

Descriptor OpenTun() {
  Descriptor tun(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!tun.valid()) Throw("/dev/net/tun");
  ifreq request{};
  std::strncpy(request.ifr_name, kDevice, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(tun.get(), TUNSETIFF, &request) != 0) Throw("TUNSETIFF");
  return tun;
}

}  // namespace

Side::Side(const char* address, int mtu_bytes) {
  if (::unshare(CLONE_NEWNET) != 0) Throw("unshare(CLONE_NEWNET)");
  namespace_ = Descriptor(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!namespace_.valid()) Throw("/proc/self/ns/net");
  tun_ = OpenTun();
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) Throw("socket");
  SetAddress(socket.get(), SIOCSIFADDR, address, "SIOCSIFADDR");
  SetAddress(socket.get(), SIOCSIFNETMASK, kMask, "SIOCSIFNETMASK");
  ifreq request{};
  std::strncpy(request.ifr_name, kDevice, IFNAMSIZ - 1);
  request.ifr_mtu = mtu_bytes;
  if (::ioctl(socket.get(), SIOCSIFMTU, &request) != 0) Throw("SIOCSIFMTU");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) Throw("SIOCSIFFLAGS");
}

std::string Side::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(namespace_.get());
}

}  // namespace iocp_net::network

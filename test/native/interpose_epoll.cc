// Each function stands in the place of libc's: the port is linked into this program.
#ifdef __linux__
#include "interpose_epoll.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <vector>

#include "harness.h"
#include "injector.h"
#include "kernel_call.h"
#include "late_edges.h"

namespace iocp_net::test {

// constinit: libc's own threads call `syscall` before anything here is constructed.
constinit Fault send_fault;
constinit Fault accept_fault;
constinit Fault accept_fault_after;

namespace {

#ifdef __GLIBC__
using IoctlRequest = unsigned long;
#else
using IoctlRequest = int;
#endif

int last_accepted = -1;  // its registration is the listener's to report

bool Strikes(std::string_view call, int fd) {
  Injector* const injector = ArmedInjector();
  const FaultRow* const row = injector == nullptr ? nullptr : injector->Strike(call, fd);
  if (row == nullptr) return false;
  if (row->error == EAGAIN && row->answer == Answer::kRetried) {
    LateEdges::Instance().Owe(fd, injector->Late());
  }
  errno = static_cast<int>(row->error);
  return true;
}

// Fewer bytes than asked for. When they were moved, the rest needs an edge of its own.
struct Cutting {
  Cutting(int which, size_t asked)
      : injector(ArmedInjector()),
        fd(which),
        wanted(asked),
        bytes(injector == nullptr ? asked : injector->Cut(asked)) {}
  long Moved(long result) const {
    if (bytes < wanted && result == static_cast<long>(bytes)) {
      LateEdges::Instance().Owe(fd, injector->Late());
    }
    return Answered(result);
  }

  Injector* injector;
  int fd;
  size_t wanted;
  size_t bytes;
};

long CutMessage(long number, int fd, const msghdr* message, int flags) {
  std::vector<iovec> vectors(message->msg_iov, message->msg_iov + message->msg_iovlen);
  size_t total = 0;
  for (const iovec& vector : vectors) total += vector.iov_len;
  const Cutting cutting(fd, total);
  size_t left = cutting.bytes;
  for (iovec& vector : vectors) {
    vector.iov_len = std::min<size_t>(vector.iov_len, left);
    left -= vector.iov_len;
  }
  msghdr cut = *message;
  cut.msg_iov = vectors.data();
  const long result = Kernel(number, fd, Word(&cut), flags);
  if (number == SYS_recvmsg) const_cast<msghdr*>(message)->msg_flags = cut.msg_flags;
  return cutting.Moved(result);
}

long Syscall(long number, long (&arguments)[6]) {
  const auto fd = static_cast<int>(arguments[0]);
  if (number == SYS_sendto && (send_fault.Strikes() || Strikes("sendto", fd))) return -1;
  if (number == SYS_recvfrom && Strikes("recvfrom", fd)) return -1;
  if ((number == SYS_sendto || number == SYS_recvfrom) && ArmedInjector() != nullptr) {
    const Cutting cutting(fd, static_cast<size_t>(arguments[2]));
    return cutting.Moved(Kernel(number, fd, arguments[1], static_cast<long>(cutting.bytes),
                                arguments[3], arguments[4], arguments[5]));
  }
  return Answered(Kernel(number, arguments[0], arguments[1], arguments[2], arguments[3],
                         arguments[4], arguments[5]));
}

const char* BindOrConnect(const char* tcp, const char* local, const sockaddr* address) {
  return address->sa_family == AF_UNIX ? local : tcp;
}

int Called(long result) { return static_cast<int>(Answered(result)); }

}  // namespace

int64_t NativeOf(Engine& engine, const Stream& stream) {
  return engine.DescriptorOf(stream.index, stream.generation);
}

size_t OpenDescriptors() {
  size_t count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) count++;
  ::closedir(folder);
  return count;
}

}  // namespace iocp_net::test

using namespace iocp_net::test;  // NOLINT: of the functions below alone

extern "C" {

long syscall(long number, ...) {
  std::va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  return Syscall(number, arguments);
}

int socket(int domain, int type, int protocol) {
  return Strikes("socket", -1) ? -1 : Called(Kernel(SYS_socket, domain, type, protocol));
}

int bind(int fd, const sockaddr* address, socklen_t length) {
  if (Strikes(BindOrConnect("bind (TCP)", "bind (local)", address), fd)) return -1;
  return Called(Kernel(SYS_bind, fd, Word(address), length));
}

int listen(int fd, int backlog) {
  return Strikes("listen", fd) ? -1 : Called(Kernel(SYS_listen, fd, backlog));
}

int connect(int fd, const sockaddr* address, socklen_t length) {
  const bool again = LateEdges::Instance().Watches(fd);
  const char* const call = BindOrConnect("connect (TCP)", "connect (local)", address);
  if (Strikes(again ? "connect (again)" : call, fd)) return -1;
  return Called(Kernel(SYS_connect, fd, Word(address), length));
}

int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  if (accept_fault.Strikes() || accept_fault_after.Strikes() || Strikes("accept4", fd)) return -1;
  return last_accepted = Called(Kernel(SYS_accept4, fd, Word(address), Word(length), flags));
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  return Strikes("recvmsg", fd) ? -1 : CutMessage(SYS_recvmsg, fd, message, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  return Strikes("sendmsg", fd) ? -1 : CutMessage(SYS_sendmsg, fd, message, flags);
}

int shutdown(int fd, int how) {
  return Strikes("shutdown", fd) ? -1 : Called(Kernel(SYS_shutdown, fd, how));
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  const bool linger = level == SOL_SOCKET && name == SO_LINGER;
  if (Strikes(linger ? "setsockopt (SO_LINGER)" : "setsockopt", fd)) return -1;
  return Called(Kernel(SYS_setsockopt, fd, level, name, Word(value), length));
}

int getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  const bool error = level == SOL_SOCKET && name == SO_ERROR;
  if (Strikes(error ? "getsockopt (SO_ERROR)" : "getsockopt", fd)) return -1;
  return Called(Kernel(SYS_getsockopt, fd, level, name, Word(value), Word(length)));
}

int getsockname(int fd, sockaddr* address, socklen_t* length) {
  if (Strikes("getsockname", fd)) return -1;
  return Called(Kernel(SYS_getsockname, fd, Word(address), Word(length)));
}

int getpeername(int fd, sockaddr* address, socklen_t* length) {
  if (Strikes("getpeername", fd)) return -1;
  return Called(Kernel(SYS_getpeername, fd, Word(address), Word(length)));
}

int ioctl(int fd, IoctlRequest request, ...) {
  std::va_list list;
  va_start(list, request);
  const long argument = va_arg(list, long);
  va_end(list);
  if (request == FIONREAD && Strikes("ioctl (FIONREAD)", fd)) return -1;
  return Called(Kernel(SYS_ioctl, fd, static_cast<long>(request), argument));
}

int fcntl(int fd, int command, ...) {
  std::va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  const char* call = "";
  if (command == F_GETFL) call = "fcntl (F_GETFL)";
  if (command == F_SETFL) call = "fcntl (F_SETFL)";
  if (command == F_DUPFD_CLOEXEC) call = "fcntl (F_DUPFD_CLOEXEC)";
  if (*call != '\0' && Strikes(call, fd)) return -1;
  return Called(Kernel(SYS_fcntl, fd, command, argument));
}

int epoll_create1(int flags) {
  return Strikes("epoll_create1", -1) ? -1 : Called(Kernel(SYS_epoll_create1, flags));
}

int epoll_ctl(int set, int operation, int fd, epoll_event* event) {
  const char* call = fd == last_accepted ? "epoll_ctl (ADD, accepted)" : "epoll_ctl (ADD)";
  if (operation == EPOLL_CTL_MOD) call = "epoll_ctl (MOD)";
  if (operation == EPOLL_CTL_DEL) call = "epoll_ctl (DEL)";
  if (operation == EPOLL_CTL_ADD) last_accepted = -1;
  if (Strikes(call, fd)) return -1;
  const int result = Called(Kernel(SYS_epoll_ctl, set, operation, fd, Word(event)));
  if (result != 0) return result;
  if (operation == EPOLL_CTL_DEL) {
    LateEdges::Instance().OnGone(fd);
  } else {
    LateEdges::Instance().OnRegistered(set, fd, *event);
  }
  return result;
}

int epoll_wait(int set, epoll_event* events, int events_max, int timeout_ms) {
  if (Strikes("epoll_wait", -1)) return -1;
  return LateEdges::Instance().Wait(ArmedInjector(), set, events, events_max, timeout_ms);
}

// Whatever it answers, the descriptor is closed: so does Linux.
int close(int fd) {
  const bool strikes = Strikes("close", fd);
  const int error = errno;
  LateEdges::Instance().OnGone(fd);
  if (fd == last_accepted) last_accepted = -1;
  const int result = Called(Kernel(SYS_close, fd));
  if (!strikes) return result;
  errno = error;
  return -1;
}

int open(const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const long mode = (flags & O_CREAT) != 0 ? va_arg(list, int) : 0;
  va_end(list);
  if (Strikes("open", -1)) return -1;
  return Called(Kernel(SYS_openat, AT_FDCWD, Word(path), flags, mode));
}

int unlink(const char* path) {
  return Strikes("unlink", -1) ? -1 : Called(Kernel(SYS_unlinkat, AT_FDCWD, Word(path), 0));
}

int chmod(const char* path, mode_t mode) {
  return Strikes("chmod", -1) ? -1 : Called(Kernel(SYS_fchmodat, AT_FDCWD, Word(path), mode));
}

#ifdef __GLIBC__  // elsewhere the port asks stat()
int statx(int folder, const char* path, int flags, unsigned int mask, struct statx* result) {
  if (Strikes("statx", -1)) return -1;
  return Called(Kernel(SYS_statx, folder, Word(path), flags, mask, Word(result)));
}
#endif

}  // extern "C"
#endif  // __linux__

// What specs need and JavaScript cannot do: turn the loop inside of a handler, pass a descriptor
// among the bytes of a Unix socket, hold every descriptor in a child between fork and exec.
#include <node_api.h>
#include <uv.h>

#ifndef _WIN32
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#endif

namespace {

constexpr size_t kArgumentsMax = 3;

struct Arguments {
  Arguments(napi_env caller, napi_callback_info info) : env(caller) {
    size_t count = kArgumentsMax;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
  int32_t Int(size_t at) const {
    int32_t value = 0;
    napi_get_value_int32(env, values[at], &value);
    return value;
  }

  napi_env env;
  napi_value values[kArgumentsMax] = {};
};

napi_value Number(napi_env env, int64_t value) {
  napi_value number = nullptr;
  napi_create_int64(env, value, &number);
  return number;
}

// turnLoop(wait): one iteration of the loop, which waits for an event if `wait` is true
napi_value TurnLoop(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  bool wait = false;
  napi_get_value_bool(env, arguments.values[0], &wait);
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  return Number(env, uv_run(loop, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT));
}

#ifndef _WIN32

int64_t Result(int64_t result) { return result < 0 ? -errno : result; }

// connectUnix(path): a blocking socket's descriptor, or an error number below 0
napi_value ConnectUnix(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  size_t length = 0;
  napi_get_value_string_utf8(env, arguments.values[0], name.sun_path, sizeof(name.sun_path),
                             &length);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)) != 0) {
    return Number(env, -errno);
  }
  return Number(env, fd);
}

// sendWithDescriptor(fd, bytes): a descriptor goes with the bytes, so a receive stops after them
napi_value SendWithDescriptor(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const int fd = arguments.Int(0);
  iovec vector{};
  napi_get_typedarray_info(env, arguments.values[1], nullptr, &vector.iov_len, &vector.iov_base,
                           nullptr, nullptr);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  return Number(env, Result(::sendmsg(fd, &message, MSG_NOSIGNAL)));
}

// limitDescriptors(): no further descriptor can be opened; limitDescriptors(n): the limit is n.
// The limit before.
napi_value LimitDescriptors(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t before = limit.rlim_cur;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments.values[0], &type);
  if (type == napi_number) {
    limit.rlim_cur = static_cast<rlim_t>(arguments.Int(0));
  } else {
    const int lowest = ::dup(STDERR_FILENO);
    ::close(lowest);
    limit.rlim_cur = static_cast<rlim_t>(lowest);
  }
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return Number(env, static_cast<int64_t>(before));
}

// forkHolder(): the process id of a child that holds all descriptors and does nothing
napi_value ForkHolder(napi_env env, napi_callback_info) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  return Number(env, Result(pid));
}

// endHolder(pid)
napi_value EndHolder(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const pid_t pid = arguments.Int(0);
  ::kill(pid, SIGKILL);
  return Number(env, Result(::waitpid(pid, nullptr, 0)));
}

#endif  // _WIN32

void Define(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  Define(env, exports, "turnLoop", TurnLoop);
#ifndef _WIN32
  Define(env, exports, "connectUnix", ConnectUnix);
  Define(env, exports, "sendWithDescriptor", SendWithDescriptor);
  Define(env, exports, "limitDescriptors", LimitDescriptors);
  Define(env, exports, "forkHolder", ForkHolder);
  Define(env, exports, "endHolder", EndHolder);
#endif
  return exports;
}

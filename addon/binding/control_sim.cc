#ifdef IOCP_NET_SIM

#include "binding/control_sim.h"

#include "port/backend.h"
#include "sim/kernel.h"

namespace iocp_net {

namespace {

using sim::Faults;
using sim::Kernel;

// One for each thread: the sockets of an environment talk to each other, and to nobody else.
Kernel& KernelOfThread() {
  thread_local Kernel kernel(0, Faults{});
  Kernel::Current() = &kernel;
  return kernel;
}

struct Number {
  const char* name;
  uint32_t Faults::*member;
};

constexpr Number kNumbers[] = {
    {"errors", &Faults::errors},
    {"losses", &Faults::losses},
    {"wouldBlock", &Faults::would_block},
    {"shortReceive", &Faults::short_receive},
    {"shortSend", &Faults::short_send},
    {"late", &Faults::late},
    {"lateEvents", &Faults::late_events},
    {"spuriousEvents", &Faults::spurious_events},
    {"busyUs", &Faults::busy_us},
    {"sendBytesMax", &Faults::send_bytes_max},
    {"receiveBytesMax", &Faults::receive_bytes_max},
};

// begin(seed, faults): what happens from here on comes from the seed. Chances are of 65536; what is
// not named keeps the value of a kernel without faults. How the backend works (`completion`)
// changes between two connections, not in the middle of one.
void Begin(const Napi::CallbackInfo& info) {
  Kernel& kernel = KernelOfThread();
  const Napi::Object given = info[1].As<Napi::Object>();
  Faults faults;
  for (const auto& [name, member] : kNumbers) {
    if (given.Has(name)) faults.*member = given.Get(name).As<Napi::Number>().Uint32Value();
  }
  if (given.Has("pieces")) faults.pieces = given.Get("pieces").ToBoolean();
  faults.reordered_events = given.Get("reorderedEvents").ToBoolean();
  if (given.Has("descriptorsMax")) {
    faults.descriptors_max = given.Get("descriptorsMax").As<Napi::Number>().Int32Value();
  }
  const bool completion = given.Get("completion").ToBoolean();
  Backend::style = completion ? Backend::Style::kCompletion : Backend::Style::kReadiness;
  Backend::kAnswersInOrder = completion;
  kernel.faults() = faults;
  kernel.ForgetGone();
  kernel.Reseed(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value()));
}

// state(): what is open, and what has happened since the thread began.
Napi::Value State(const Napi::CallbackInfo& info) {
  const Kernel& kernel = KernelOfThread();
  const Napi::Object state = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, uint64_t value) {
    state.Set(name, static_cast<double>(value));
  };
  set("descriptors", kernel.Descriptors(Kernel::Process::kTested));
  set("sockets", kernel.Sockets());
  set("badDescriptors", kernel.bad_descriptor_count());
  set("faults", kernel.fault_count());
  set("bytes", kernel.bytes_moved());
  set("connections", kernel.connection_count());
  return state;
}

}  // namespace

Napi::Object SimulationControl(Napi::Env env) {
  KernelOfThread();
  Backend::descriptors_leave = false;
  const Napi::Object control = Napi::Object::New(env);
  control.Set("begin", Napi::Function::New(env, Begin, "begin"));
  control.Set("state", Napi::Function::New(env, State, "state"));
  return control;
}

}  // namespace iocp_net

#endif  // IOCP_NET_SIM

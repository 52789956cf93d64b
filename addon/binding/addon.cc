// The addon's exports: the direct calls. What may wait for the end of a batch goes through the
// rings.
#include <napi.h>
#include <uv.h>

#include <vector>

#include "binding/arguments.h"
#include "binding/environment.h"
#include "port/backend.h"
#include "port/boundary_id.h"
#include "port/features.h"
#ifdef IOCP_NET_SIM
#include "binding/control_sim.h"
#endif

namespace iocp_net {

namespace {

using Call = napi_value (*)(Environment&, Arguments&);

napi_value Number(const Arguments& arguments, double value) {
  napi_value number = nullptr;
  napi_create_double(arguments.env(), value, &number);
  return number;
}

napi_value Integer(const Arguments& arguments, int32_t value) {
  napi_value number = nullptr;
  napi_create_int32(arguments.env(), value, &number);
  return number;
}

napi_value Count(const Arguments& arguments, int64_t value) {
  return value >= INT32_MIN && value <= INT32_MAX ? Integer(arguments, static_cast<int32_t>(value))
                                                  : Number(arguments, static_cast<double>(value));
}

// listen(kind, host, port, family, backlog, flags): status
napi_value Listen(Environment& environment, Arguments& arguments) {
  const Address address = arguments.AddressFrom(0, 1, 2, 3);
  const int32_t backlog = arguments.Int(4);
  const int32_t flags = arguments.Int(5);
  if (!arguments.ok()) return nullptr;
  return Integer(arguments, environment.engine().Listen(address, backlog, flags));
}

// connect(kind, host, port, family, localHost | undefined, localPort): status
napi_value Connect(Environment& environment, Arguments& arguments) {
  const Address peer = arguments.AddressFrom(0, 1, 2, 3);
  const bool bound = !arguments.IsUndefined(4);
  const Address local = bound ? arguments.AddressFrom(0, 4, 5, 3) : Address{};
  if (!arguments.ok()) return nullptr;
  return Integer(arguments, environment.engine().Connect(peer, bound ? &local : nullptr));
}

// adopt(descriptor, flags, backlog): status
napi_value Adopt(Environment& environment, Arguments& arguments) {
  const int64_t descriptor = arguments.Int64(0);
  const int32_t flags = arguments.Int(1);
  const int32_t backlog = arguments.Int(2);
  if (!arguments.ok()) return nullptr;
  return Integer(arguments, environment.engine().Adopt(descriptor, flags, backlog));
}

// duplicate(index, generation): a descriptor, or a status
napi_value Duplicate(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  if (!arguments.ok()) return nullptr;
  return Count(arguments, environment.engine().Duplicate(index, generation));
}

// connectAgain(index, generation, kind, host, port, family): status
napi_value ConnectAgain(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  const Address peer = arguments.AddressFrom(2, 3, 4, 5);
  if (!arguments.ok()) return nullptr;
  return Integer(arguments, environment.engine().ConnectAgain(index, generation, peer));
}

// send(index, generation, bytes | bytes[], pieces): bytes taken at once, or a status
napi_value Send(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  std::vector<Span> spans;
  arguments.Spans(2, &spans);
  const int32_t pieces = arguments.Int(3);
  if (!arguments.ok()) return nullptr;
  return Count(arguments,
               environment.Send(index, generation, spans, static_cast<uint32_t>(pieces)));
}

// sendSlab(): its arguments and its answer are words of the control block (kSlabIndex to kSlabSent)
napi_value SendSlab(Environment& environment, Arguments&) {
  environment.engine().SendSlab();
  return nullptr;
}

// receive(index, generation, bytes): bytes received into them, 0 at the end, or a status
napi_value Receive(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  const Span into = arguments.Bytes(2);
  if (!arguments.ok()) return nullptr;
  if (into.empty()) return Integer(arguments, UV_ENOBUFS);
  const auto bytes = const_cast<uint8_t*>(into.data());
  return Count(arguments, environment.engine().Receive(index, generation, bytes, into.size()));
}

// close(index, generation, how)
napi_value Close(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  const CloseHow how = arguments.OneOf(2, CloseHow::kGraceful, CloseHow::kHandOver);
  if (arguments.ok()) environment.Close(index, generation, how);
  return nullptr;
}

// setOption(index, generation, option, a, b, c, d): status
napi_value SetOption(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  const Option option = arguments.OneOf(2, Option::kNoDelay, Option::kPipeMode);
  const int32_t a = arguments.Int(3);
  const int32_t b = arguments.Int(4);
  const int32_t c = arguments.Int(5);
  const int32_t d = arguments.Int(6);
  if (!arguments.ok()) return nullptr;
  return Integer(arguments, environment.engine().SetOption(index, generation, option, a, b, c, d));
}

using GetAddress = Status (Engine::*)(int32_t, int32_t, Address*);

template <GetAddress get>
napi_value AddressOf(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  if (!arguments.ok()) return nullptr;
  Address address;
  const Status status = (environment.engine().*get)(index, generation, &address);
  if (status != kOk) return Integer(arguments, status);
  const Napi::Object result = Napi::Object::New(arguments.env());
  result.DefineProperty(Napi::PropertyDescriptor::Value(
      "address", Napi::String::New(arguments.env(), address.host), napi_default_jsproperty));
  if (address.kind == EndpointKind::kTcp) {
    const char* const family = address.family == 6 ? "IPv6" : "IPv4";
    result.DefineProperty(Napi::PropertyDescriptor::Value(
        "family", Napi::String::New(arguments.env(), family), napi_default_jsproperty));
    result.DefineProperty(Napi::PropertyDescriptor::Value(
        "port", Napi::Number::New(arguments.env(), address.port), napi_default_jsproperty));
  }
  return result;
}

// localAddress(index, generation), peerAddress(index, generation): { address, family, port }, or a
// status
constexpr Call LocalAddress = AddressOf<&Engine::LocalAddress>;
constexpr Call PeerAddress = AddressOf<&Engine::PeerAddress>;

// queuedBytes(index, generation): bytes that wait to be sent
napi_value QueuedBytes(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  if (!arguments.ok()) return nullptr;
  return Number(arguments,
                static_cast<double>(environment.engine().QueuedBytes(index, generation)));
}

// flush(): takes every waiting submission
napi_value Flush(Environment& environment, Arguments&) {
  environment.Flush();
  return nullptr;
}

// dispatchClosing(): one dispatch(true) in the loop's closing phase
napi_value DispatchClosing(Environment& environment, Arguments&) {
  environment.DispatchClosing();
  return nullptr;
}

// descriptor(index, generation): the socket's own descriptor, or a status
napi_value Descriptor(Environment& environment, Arguments& arguments) {
  const int32_t index = arguments.Int(0);
  const int32_t generation = arguments.Int(1);
  if (!arguments.ok()) return nullptr;
  return Count(arguments, environment.engine().DescriptorOf(index, generation));
}

// reference(on): whether the engine keeps the loop alive
napi_value Reference(Environment& environment, Arguments& arguments) {
  const bool on = arguments.Bool(0);
  if (arguments.ok()) environment.Reference(on);
  return nullptr;
}

// uncaught(error): to 'uncaughtException', or the end of the process
napi_value Uncaught(Environment&, Arguments& arguments) {
  napi_fatal_exception(arguments.env(), arguments[0]);
  return nullptr;
}

template <Call call>
napi_value Entry(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto& environment = *static_cast<Environment*>(arguments.data());
  environment.engine().Count(kNativeCalls);
  return call(environment, arguments);
}

template <Call call>
void Define(napi_env env, napi_value port, const char* name, Environment* environment) {
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, Entry<call>, environment, &function) !=
      napi_ok) {
    return;  // a worker that is being terminated
  }
  const napi_property_descriptor descriptor{
      name, nullptr, nullptr, nullptr, nullptr, function, napi_default_jsproperty, nullptr};
  napi_define_properties(env, port, 1, &descriptor);
}

// open(dispatch): the port's memory and calls, or a status when the engine cannot run here
Napi::Value Open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "iocp-net: argument 0 must be a function");
    return env.Undefined();
  }
  const Napi::Object port = Napi::Object::New(env);
  Status status = kOk;
  Environment* const environment =
      Environment::Create(env, port, info[0].As<Napi::Function>(), &status);
  if (environment == nullptr) return Napi::Number::New(env, status);
  port.DefineProperty(
      Napi::PropertyDescriptor::Value("memory", environment->Memory(env), napi_default_jsproperty));
#define IOCP_NET_DEFINE(function, name) Define<function>(env, port, #name, environment);
  IOCP_NET_CALLS(IOCP_NET_DEFINE)
#undef IOCP_NET_DEFINE
  return port;
}

// { name: available } of what the system offers.
Napi::Value Features(const Napi::CallbackInfo& info) {
  Napi::Object features = Napi::Object::New(info.Env());
  for (const Feature& feature : ProbeFeatures()) features.Set(feature.name, feature.available);
  return features;
}

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("name", Backend::kName);
  exports.Set("boundary", kBoundaryId);
  exports.Set("again", static_cast<int32_t>(UV_EAGAIN));
  exports.Set("pipeNameBytesMax", static_cast<double>(Backend::kPipeNameBytesMax));
  exports.Set("open", Napi::Function::New(env, Open, "open"));
  exports.Set("features", Napi::Function::New(env, Features, "features"));
#ifdef IOCP_NET_SIM
  exports.Set("simulation", SimulationControl(env));
#endif
  return exports;
}

}  // namespace

}  // namespace iocp_net

static Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  return iocp_net::Initialize(env, exports);
}

NODE_API_MODULE(iocp_net, Initialize)

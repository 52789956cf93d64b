// The addon's exports: constants of the boundary, and the direct calls. Everything frequent goes
// through the rings.
#include <napi.h>

#include <string>
#include <vector>

#include "binding/environment.h"
#include "binding/layout.h"
#include "port/backend.h"
#include "port/features.h"

namespace iocp_net {

namespace {

Environment& Of(const Napi::CallbackInfo& info) {
  auto& environment = *static_cast<Environment*>(info.Data());
  environment.engine().Count(kNativeCalls);
  return environment;
}

int32_t Int(const Napi::CallbackInfo& info, size_t at) {
  return info[at].As<Napi::Number>().Int32Value();
}

Napi::Value Number(const Napi::CallbackInfo& info, double value) {
  return Napi::Number::New(info.Env(), value);
}

Address AddressAt(const Napi::CallbackInfo& info, size_t kind, size_t host, size_t port,
                  size_t family) {
  Address address;
  address.kind = static_cast<EndpointKind>(Int(info, kind));
  address.host = info[host].As<Napi::String>().Utf8Value();
  address.port = static_cast<uint16_t>(Int(info, port));
  address.family = Int(info, family);
  return address;
}

// listen(kind, host, port, family, backlog, flags): status
Napi::Value Listen(const Napi::CallbackInfo& info) {
  return Number(info,
                Of(info).engine().Listen(AddressAt(info, 0, 1, 2, 3), Int(info, 4), Int(info, 5)));
}

// connect(kind, host, port, family, localHost | undefined, localPort): status
Napi::Value Connect(const Napi::CallbackInfo& info) {
  Engine& engine = Of(info).engine();
  const Address peer = AddressAt(info, 0, 1, 2, 3);
  if (!info[4].IsString()) return Number(info, engine.Connect(peer, nullptr));
  const Address local = AddressAt(info, 0, 4, 5, 3);
  return Number(info, engine.Connect(peer, &local));
}

// adopt(descriptor, flags, backlog): status
Napi::Value Adopt(const Napi::CallbackInfo& info) {
  return Number(info, Of(info).engine().Adopt(info[0].As<Napi::Number>().Int64Value(), Int(info, 1),
                                              Int(info, 2)));
}

// duplicate(index, generation): a descriptor, or a status
Napi::Value Duplicate(const Napi::CallbackInfo& info) {
  return Number(info, static_cast<double>(Of(info).engine().Duplicate(Int(info, 0), Int(info, 1))));
}

// connectAgain(index, generation, kind, host, port, family): status
Napi::Value ConnectAgain(const Napi::CallbackInfo& info) {
  return Number(info, Of(info).engine().ConnectAgain(Int(info, 0), Int(info, 1),
                                                     AddressAt(info, 2, 3, 4, 5)));
}

// One call of Node-API for what Napi::Uint8Array asks in three.
Span BytesOf(napi_env env, napi_value bytes) {
  void* data = nullptr;
  size_t length = 0;
  napi_get_typedarray_info(env, bytes, nullptr, &length, &data, nullptr, nullptr);
  return {static_cast<uint8_t*>(data), length};
}

// send(index, generation, bytes | bytes[]): bytes taken at once, or a status
Napi::Value Send(const Napi::CallbackInfo& info) {
  Engine& engine = Of(info).engine();
  if (!info[2].IsArray()) {
    const Span span = BytesOf(info.Env(), info[2]);
    return Number(info, static_cast<double>(engine.Send(Int(info, 0), Int(info, 1), &span, 1)));
  }
  const auto list = info[2].As<Napi::Array>();
  std::vector<Span> spans;
  spans.reserve(list.Length());
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::HandleScope scope(info.Env());
    spans.push_back(BytesOf(info.Env(), list.Get(i)));
  }
  return Number(info, static_cast<double>(
                          engine.Send(Int(info, 0), Int(info, 1), spans.data(), spans.size())));
}

// receive(index, generation, bytes): bytes received into them, 0 at the end, or a status
Napi::Value Receive(const Napi::CallbackInfo& info) {
  Engine& engine = Of(info).engine();
  const Span into = BytesOf(info.Env(), info[2]);
  return Number(info,
                static_cast<double>(engine.Receive(Int(info, 0), Int(info, 1),
                                                   const_cast<uint8_t*>(into.data), into.length)));
}

// setOption(index, generation, option, a, b, c, d): status
Napi::Value SetOption(const Napi::CallbackInfo& info) {
  return Number(info, Of(info).engine().SetOption(Int(info, 0), Int(info, 1),
                                                  static_cast<Option>(Int(info, 2)), Int(info, 3),
                                                  Int(info, 4), Int(info, 5), Int(info, 6)));
}

using GetAddress = Status (Engine::*)(int32_t, int32_t, Address*);

// localAddress(index, generation), peerAddress(index, generation): { address, family, port }, or a
// status
template <GetAddress get>
Napi::Value AddressOf(const Napi::CallbackInfo& info) {
  Address address;
  const Status status = (Of(info).engine().*get)(Int(info, 0), Int(info, 1), &address);
  if (status != kOk) return Number(info, status);
  Napi::Object result = Napi::Object::New(info.Env());
  if (address.kind == EndpointKind::kTcp) {
    result.Set("address", address.host);
    result.Set("family", address.family == 6 ? "IPv6" : "IPv4");
    result.Set("port", address.port);
  } else {
    result.Set("address", address.host);
  }
  return result;
}

// queuedBytes(index, generation): bytes that wait to be sent
Napi::Value QueuedBytes(const Napi::CallbackInfo& info) {
  return Number(info,
                static_cast<double>(Of(info).engine().QueuedBytes(Int(info, 0), Int(info, 1))));
}

Napi::Value Flush(const Napi::CallbackInfo& info) {
  Of(info).Flush();
  return info.Env().Undefined();
}

// dispatchClosing(): one dispatch(true) in the loop's closing phase
Napi::Value DispatchClosing(const Napi::CallbackInfo& info) {
  Of(info).DispatchClosing();
  return info.Env().Undefined();
}

// descriptor(index, generation): the socket's own descriptor, or a status
Napi::Value Descriptor(const Napi::CallbackInfo& info) {
  return Number(info,
                static_cast<double>(Of(info).engine().DescriptorOf(Int(info, 0), Int(info, 1))));
}

// reference(on): whether the engine keeps the loop alive
Napi::Value Reference(const Napi::CallbackInfo& info) {
  Of(info).Reference(info[0].As<Napi::Boolean>().Value());
  return info.Env().Undefined();
}

// uncaught(error): to 'uncaughtException', or the end of the process
Napi::Value Uncaught(const Napi::CallbackInfo& info) {
  napi_fatal_exception(info.Env(), info[0]);
  return info.Env().Undefined();
}

// open(dispatch): the port's memory and calls, or a status when the engine cannot run here
Napi::Value Open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object port = Napi::Object::New(env);
  Status status = kOk;
  Environment* const environment = Environment::Create(env, port, info[0].As<Napi::Function>(), &status);
  if (environment == nullptr) return Number(info, status);
  port.Set("memory", environment->Memory(env));
  const auto define = [&](const char* name, Napi::Value (*call)(const Napi::CallbackInfo&)) {
    port.Set(name, Napi::Function::New(env, call, name, environment));
  };
  define("listen", Listen);
  define("connect", Connect);
  define("adopt", Adopt);
  define("duplicate", Duplicate);
  define("connectAgain", ConnectAgain);
  define("send", Send);
  define("receive", Receive);
  define("setOption", SetOption);
  define("localAddress", AddressOf<&Engine::LocalAddress>);
  define("peerAddress", AddressOf<&Engine::PeerAddress>);
  define("queuedBytes", QueuedBytes);
  define("descriptor", Descriptor);
  define("flush", Flush);
  define("dispatchClosing", DispatchClosing);
  define("reference", Reference);
  define("uncaught", Uncaught);
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
  exports.Set("pipeNameBytesMax", static_cast<double>(Backend::kPipeNameBytesMax));
  exports.Set("layout", LayoutObject(env));
  exports.Set("open", Napi::Function::New(env, Open, "open"));
  exports.Set("features", Napi::Function::New(env, Features, "features"));
  return exports;
}

}  // namespace

}  // namespace iocp_net

static Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  return iocp_net::Initialize(env, exports);
}

NODE_API_MODULE(iocp_net, Initialize)

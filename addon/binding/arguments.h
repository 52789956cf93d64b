// The arguments of a direct call. Whatever JavaScript hands over, a call gets values of the wanted
// types or is not made: the caller then sees a TypeError.
#ifndef IOCP_NET_BINDING_ARGUMENTS_H_
#define IOCP_NET_BINDING_ARGUMENTS_H_

#include <node_api.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "port/address.h"
#include "port/send_queue.h"

namespace iocp_net {

class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    ok_ = napi_get_cb_info(env, info, &count_, values_.data(), nullptr, &data_) == napi_ok;
  }

  napi_env env() const { return env_; }
  void* data() const { return data_; }
  // Whether all arguments that were asked for are of the wanted types. If not, an exception is
  // pending.
  bool ok() const { return ok_; }
  napi_value operator[](size_t at) const { return values_.at(at); }

  int32_t Int(size_t at);
  int64_t Int64(size_t at);
  bool Bool(size_t at);
  std::string String(size_t at);
  bool IsUndefined(size_t at);
  // One of an enumeration whose numbers go without a gap.
  template <typename Enum>
  Enum OneOf(size_t at, Enum first, Enum last) {
    const int32_t value = Int(at);
    if (value >= static_cast<int32_t>(first) && value <= static_cast<int32_t>(last)) {
      return static_cast<Enum>(value);
    }
    Refuse(at, "one of the known numbers");
    return first;
  }
  Address AddressFrom(size_t kind, size_t host, size_t port, size_t family);
  // A Uint8Array's memory; none of one whose memory was given away.
  Span Bytes(size_t at) { return Bytes(at, values_.at(at)); }
  // A Uint8Array's, or those of all of an array.
  void Spans(size_t at, std::vector<Span>* spans);

 private:
  static constexpr size_t kArgumentsMax = 8;

  bool IsUint8Array(napi_value value);
  Span Bytes(size_t at, napi_value value);
  void Refuse(size_t at, const char* wanted);

  napi_env env_;
  void* data_ = nullptr;
  size_t count_ = kArgumentsMax;
  std::array<napi_value, kArgumentsMax> values_{};
  bool ok_;
};

}  // namespace iocp_net

#endif  // IOCP_NET_BINDING_ARGUMENTS_H_

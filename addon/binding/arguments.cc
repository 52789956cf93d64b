#include "binding/arguments.h"

namespace iocp_net {

namespace {

constexpr const char* kBytesWanted = "a Uint8Array, or an array of them";
constexpr size_t kStringBytesMax = 128 * 1024;  // more than any name that a system knows

}  // namespace

void Arguments::Refuse(size_t at, const char* wanted) {
  if (!ok_) return;
  ok_ = false;
  const std::string message = "iocp-net: argument " + std::to_string(at) + " must be " + wanted;
  napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", message.c_str());
}

int32_t Arguments::Int(size_t at) {
  int32_t value = 0;
  if (napi_get_value_int32(env_, values_.at(at), &value) != napi_ok) Refuse(at, "a number");
  return value;
}

int64_t Arguments::Int64(size_t at) {
  int64_t value = 0;
  if (napi_get_value_int64(env_, values_.at(at), &value) != napi_ok) Refuse(at, "a number");
  return value;
}

bool Arguments::Bool(size_t at) {
  bool value = false;
  if (napi_get_value_bool(env_, values_.at(at), &value) != napi_ok) Refuse(at, "a boolean");
  return value;
}

std::string Arguments::String(size_t at) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env_, values_.at(at), nullptr, 0, &length) != napi_ok ||
      length > kStringBytesMax) {
    Refuse(at, "a string of at most 128 KiB");
    return {};
  }
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env_, values_.at(at), text.data(), text.size(), &length);
  text.resize(length);
  return text;
}

bool Arguments::IsUndefined(size_t at) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env_, values_.at(at), &type) == napi_ok && type == napi_undefined;
}

Address Arguments::AddressFrom(size_t kind, size_t host, size_t port, size_t family) {
  Address address;
  address.kind = OneOf(kind, EndpointKind::kTcp, EndpointKind::kPipe);
  address.host = String(host);
  address.port = static_cast<uint16_t>(Int(port));
  address.family = Int(family);
  return address;
}

bool Arguments::IsUint8Array(napi_value value) {
  napi_typedarray_type type = napi_int8_array;
  return napi_get_typedarray_info(env_, value, &type, nullptr, nullptr, nullptr, nullptr) ==
             napi_ok &&
         type == napi_uint8_array;
}

Span Arguments::Bytes(size_t at, napi_value value) {
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type = napi_int8_array;
  if (napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    Refuse(at, kBytesWanted);
    return {};
  }
  return {static_cast<uint8_t*>(data), data == nullptr ? 0 : length};
}

void Arguments::Spans(size_t at, std::vector<Span>* spans) {
  bool is_array = false;
  napi_is_array(env_, values_.at(at), &is_array);
  if (!is_array) {
    spans->push_back(Bytes(at));
    return;
  }
  uint32_t length = 0;
  napi_get_array_length(env_, values_.at(at), &length);
  // All elements before any memory: an element that is a getter may take an earlier one's away.
  std::vector<napi_value> elements;
  for (uint32_t i = 0; i < length; i++) {
    napi_value element = nullptr;
    if (napi_get_element(env_, values_.at(at), i, &element) != napi_ok) {
      ok_ = false;  // a getter has thrown
      return;
    }
    if (!IsUint8Array(element)) {
      Refuse(at, kBytesWanted);
      return;
    }
    elements.push_back(element);
  }
  spans->reserve(elements.size());
  for (const napi_value element : elements) spans->push_back(Bytes(at, element));
}

}  // namespace iocp_net

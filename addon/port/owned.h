// Something of the system's with one owner, who closes it.
#ifndef IOCP_NET_PORT_OWNED_H_
#define IOCP_NET_PORT_OWNED_H_

#include <utility>

namespace iocp_net {

// Traits: Type, None() for what owns nothing, Valid(value), and Close(value).
template <typename Traits>
class Owned {
 public:
  using Type = typename Traits::Type;

  Owned() = default;
  explicit Owned(Type value) : value_(value) {}
  Owned(Owned&& other) noexcept : value_(other.Release()) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (valid()) Traits::Close(value_);
  }

  Type get() const { return value_; }
  bool valid() const { return Traits::Valid(value_); }
  Type Release() { return std::exchange(value_, Traits::None()); }
  void Close() { Owned(std::move(*this)); }

 private:
  Type value_ = Traits::None();
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_OWNED_H_

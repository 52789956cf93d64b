// Bytes that say where they belong, and what is thrown when a promise is broken.
#ifndef IOCP_NET_TEST_SIM_PATTERN_H_
#define IOCP_NET_TEST_SIM_PATTERN_H_

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace iocp_net::test {

// A promise that was broken.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename... Parts>
[[noreturn]] void Fail(const Parts&... parts) {
  std::string text;
  const auto add = [&text](const auto& part) {
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(part)>>) {
      text += std::to_string(part);
    } else {
      text += part;
    }
  };
  (add(parts), ...);
  throw Violation(text);
}

// Bytes that say which connection, direction and place they belong to.
class Pattern {
 public:
  static void Write(uint64_t flow, uint64_t at, uint8_t* into, size_t length);
  static bool Matches(uint64_t flow, uint64_t at, const uint8_t* bytes, size_t length);
};

}  // namespace iocp_net::test

#endif  // IOCP_NET_TEST_SIM_PATTERN_H_

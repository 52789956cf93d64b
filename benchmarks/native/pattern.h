// The bytes of a request, and the bytes that must come back for it.
//
// Every message is a window of one random sequence, placed by connection and message number: a byte
// that is lost, repeated or of another connection does not match.
#ifndef IOCP_NET_BENCHMARKS_PATTERN_H_
#define IOCP_NET_BENCHMARKS_PATTERN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "port/send_queue.h"

namespace iocp_net::bench {

class Pattern {
 public:
  static const Pattern& Shared() {
    static const Pattern pattern;
    return pattern;
  }

  Pattern() : bytes_(2 * kPeriod) {
    uint32_t state = 12345;
    for (size_t i = 0; i < kPeriod; i++) {
      state = state * 1664525u + 1013904223u;
      bytes_[i] = bytes_[i + kPeriod] = static_cast<uint8_t>(state >> 24);
    }
  }

  static size_t Start(size_t connection, uint64_t message) {
    return (connection * 7919 + static_cast<size_t>(message) * 61) % kPeriod;
  }

  // Spans of `length` bytes from `start` on; they wrap around after the period.
  void Spans(size_t start, size_t length, std::vector<Span>* spans) const {
    while (length > 0) {
      const size_t part = std::min(length, kPeriod);
      spans->push_back({bytes_.data() + start, part});
      length -= part;  // a whole period leads back to the same start
    }
  }

  bool Matches(size_t start, const uint8_t* bytes, size_t length) const {
    while (length > 0) {
      const size_t part = std::min(length, kPeriod);
      if (std::memcmp(bytes_.data() + start % kPeriod, bytes, part) != 0) return false;
      bytes += part;
      length -= part;
    }
    return true;
  }

 private:
  static constexpr size_t kPeriod = 65536;
  std::vector<uint8_t> bytes_;  // twice, so that every window is in one piece
};

// What a server sends that answers with bytes of its own: byte n of a response is n modulo 256.
class Counting {
 public:
  static const Counting& Shared() {
    static const Counting counting;
    return counting;
  }

  Counting() : bytes_(kChunk + 256) {
    for (size_t i = 0; i < bytes_.size(); i++) bytes_[i] = static_cast<uint8_t>(i);
  }

  bool Matches(size_t at, const uint8_t* bytes, size_t length) const {
    while (length > 0) {
      const size_t part = std::min(length, kChunk);
      if (std::memcmp(bytes_.data() + at % 256, bytes, part) != 0) return false;
      at += part;
      bytes += part;
      length -= part;
    }
    return true;
  }

 private:
  static constexpr size_t kChunk = 65536;
  std::vector<uint8_t> bytes_;
};

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_PATTERN_H_

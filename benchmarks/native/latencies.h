// Latencies in buckets of 0.1 % width. The figures are drawn by HdrHistogram, on the JavaScript
// side; this only keeps the memory and the output of a run small.
#ifndef IOCP_NET_BENCHMARKS_LATENCIES_H_
#define IOCP_NET_BENCHMARKS_LATENCIES_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace iocp_net::bench {

class Latencies {
 public:
  Latencies() : counts_(kBuckets) {}

  void Record(int64_t nanoseconds) {
    counts_[Bucket(nanoseconds > 0 ? static_cast<uint64_t>(nanoseconds) : 0)]++;
  }

  // [[nanoseconds, count], ...]
  std::string Json() const {
    std::string json = "[";
    for (size_t bucket = 0; bucket < counts_.size(); bucket++) {
      if (counts_[bucket] == 0) continue;
      if (json.size() > 1) json += ',';
      json += '[' + std::to_string(Middle(bucket)) + ',' + std::to_string(counts_[bucket]) + ']';
    }
    return json + ']';
  }

 private:
  static constexpr int kDigits = 10;  // binary: 1024 buckets for each doubling
  static constexpr uint64_t kExactBelow = uint64_t{1} << (kDigits + 1);
  static constexpr size_t kBuckets = size_t{40} << kDigits;  // the last begins beyond ten minutes

  static size_t Bucket(uint64_t value) {
    if (value < kExactBelow) return value;
    const int shift = static_cast<int>(std::bit_width(value)) - (kDigits + 1);
    const size_t bucket =
        (static_cast<size_t>(shift) << kDigits) + static_cast<size_t>(value >> shift);
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }

  static uint64_t Middle(size_t bucket) {
    if (bucket < kExactBelow) return bucket;
    const size_t shift = (bucket >> kDigits) - 1;
    const uint64_t low = (bucket - (shift << kDigits)) << shift;
    return low + (uint64_t{1} << shift) / 2;
  }

  std::vector<uint64_t> counts_;
};

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_LATENCIES_H_

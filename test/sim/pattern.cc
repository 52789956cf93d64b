#include "pattern.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/random.h"

namespace iocp_net::test {

namespace {

// A prime, so that no buffer's size is a period of it.
constexpr size_t kPeriod = 65'521;

const std::vector<uint8_t>& Table() {
  static const std::vector<uint8_t> table = [] {
    sim::Random random(1);
    std::vector<uint8_t> bytes(kPeriod);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Next());
    return bytes;
  }();
  return table;
}

size_t PlaceOf(uint64_t flow, uint64_t at) {
  return static_cast<size_t>((sim::Random(flow).Next() % kPeriod + at) % kPeriod);
}

template <typename Visit>
bool EachRun(uint64_t flow, uint64_t at, size_t length, Visit visit) {
  size_t place = PlaceOf(flow, at);
  for (size_t done = 0; done < length;) {
    const size_t run = std::min(length - done, kPeriod - place);
    if (!visit(Table().data() + place, done, run)) return false;
    done += run;
    place = 0;
  }
  return true;
}

}  // namespace

void Pattern::Write(uint64_t flow, uint64_t at, uint8_t* into, size_t length) {
  EachRun(flow, at, length, [&](const uint8_t* from, size_t done, size_t run) {
    std::memcpy(into + done, from, run);
    return true;
  });
}

bool Pattern::Matches(uint64_t flow, uint64_t at, const uint8_t* bytes, size_t length) {
  return EachRun(flow, at, length, [&](const uint8_t* from, size_t done, size_t run) {
    return std::memcmp(bytes + done, from, run) == 0;
  });
}

}  // namespace iocp_net::test

// Memory that the system receives into while a connection is busy.
//
// A pending receive pins its buffer. An idle connection therefore waits with an empty one; a busy
// one gets a buffer, which saves it the second call, from a bounded pool.
#ifndef IOCP_NET_IOCP_RECEIVE_BUFFER_H_
#define IOCP_NET_IOCP_RECEIVE_BUFFER_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace iocp_net {

struct ReceiveBuffer {
  static constexpr size_t kBytes = 8 * 1024;

  uint32_t begin = 0;
  uint32_t end = 0;
  uint8_t bytes[kBytes];

  bool Empty() const { return begin == end; }
  bool Filled() const { return end == kBytes; }

  size_t Take(uint8_t* into, size_t bytes_max) {
    const size_t count = std::min<size_t>(bytes_max, end - begin);
    std::memcpy(into, bytes + begin, count);
    begin += static_cast<uint32_t>(count);
    return count;
  }
};

class ReceivePool {
 public:
  // Null when all of them are in use.
  std::unique_ptr<ReceiveBuffer> Take() {
    if (free_.empty()) {
      if (made_ == kBuffersMax) return nullptr;
      made_++;
      // Not value-initialised: the bytes are the system's to write.
      return std::unique_ptr<ReceiveBuffer>(new ReceiveBuffer);
    }
    std::unique_ptr<ReceiveBuffer> buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }

  void Give(std::unique_ptr<ReceiveBuffer> buffer) {
    if (buffer == nullptr) return;
    buffer->begin = buffer->end = 0;
    free_.push_back(std::move(buffer));
  }

 private:
  static constexpr size_t kBuffersMax = 256;  // 2 MiB

  std::vector<std::unique_ptr<ReceiveBuffer>> free_;
  size_t made_ = 0;
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_RECEIVE_BUFFER_H_

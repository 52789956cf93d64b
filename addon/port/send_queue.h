// What the kernel has not taken yet, in order.
#ifndef IOCP_NET_PORT_SEND_QUEUE_H_
#define IOCP_NET_PORT_SEND_QUEUE_H_

#include <cassert>
#include <cstdint>
#include <deque>

namespace iocp_net {

struct Span {
  const uint8_t* data = nullptr;
  size_t length = 0;
};

// The bytes belong to a Buffer which JavaScript holds until kSent or kClosed.
class SendQueue {
 public:
  bool Empty() const { return spans_.empty(); }
  size_t Bytes() const { return bytes_; }

  void Append(Span span) {
    if (span.length == 0) return;
    spans_.push_back(span);
    bytes_ += span.length;
  }

  // The first spans, for one scatter/gather call.
  size_t Gather(Span* spans, size_t spans_max) const {
    size_t count = 0;
    for (const Span& span : spans_) {
      if (count == spans_max) break;
      spans[count++] = span;
    }
    return count;
  }

  void Consume(size_t sent) {
    assert(sent <= bytes_);
    bytes_ -= sent;
    while (sent > 0) {
      Span& front = spans_.front();
      if (sent < front.length) {
        front.data += sent;
        front.length -= sent;
        return;
      }
      sent -= front.length;
      spans_.pop_front();
    }
  }

 private:
  std::deque<Span> spans_;
  size_t bytes_ = 0;
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_SEND_QUEUE_H_

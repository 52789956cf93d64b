// What the kernel has not taken yet, in order.
#ifndef IOCP_NET_PORT_SEND_QUEUE_H_
#define IOCP_NET_PORT_SEND_QUEUE_H_

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <deque>
#include <span>

namespace iocp_net {

using Span = std::span<const uint8_t>;
using Spans = std::span<const Span>;

// The bytes belong to a Buffer which JavaScript holds until kSent or kClosed.
class SendQueue {
 public:
  bool Empty() const { return spans_.empty(); }
  size_t Bytes() const { return bytes_; }

  void Append(Span span) {
    if (span.empty()) return;
    spans_.push_back(span);
    bytes_ += span.size();
  }

  // The first spans, as many as `into` has room for: for one scatter/gather call.
  Spans Gather(std::span<Span> into) const {
    const size_t count = std::min(spans_.size(), into.size());
    std::copy_n(spans_.begin(), count, into.begin());
    return into.first(count);
  }

  void Consume(size_t sent) {
    assert(sent <= bytes_);
    bytes_ -= sent;
    while (sent > 0) {
      Span& front = spans_.front();
      if (sent < front.size()) {
        front = front.subspan(sent);
        return;
      }
      sent -= front.size();
      spans_.pop_front();
    }
  }

 private:
  std::deque<Span> spans_;
  size_t bytes_ = 0;
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_SEND_QUEUE_H_

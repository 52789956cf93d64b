// What the kernel has not taken yet, in order.
#ifndef IOCP_NET_PORT_SEND_QUEUE_H_
#define IOCP_NET_PORT_SEND_QUEUE_H_

#include <cassert>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>

namespace iocp_net {

struct Span {
  const uint8_t* data = nullptr;
  size_t length = 0;
};

// Copied bytes are the queue's own; borrowed ones belong to a Buffer which JavaScript holds until
// kSent or kClosed.
class SendQueue {
 public:
  bool Empty() const { return items_.empty(); }
  size_t Bytes() const { return bytes_; }

  void AppendCopy(Span span) {
    if (span.length == 0) return;
    auto copy = std::make_unique<uint8_t[]>(span.length);
    std::memcpy(copy.get(), span.data, span.length);
    const uint8_t* data = copy.get();
    items_.push_back({{data, span.length}, std::move(copy)});
    bytes_ += span.length;
  }

  void AppendBorrowed(Span span) {
    if (span.length == 0) return;
    items_.push_back({span, nullptr});
    bytes_ += span.length;
  }

  // The first spans, for one scatter/gather call.
  size_t Gather(Span* spans, size_t spans_max) const {
    size_t count = 0;
    for (const Item& item : items_) {
      if (count == spans_max) break;
      spans[count++] = item.span;
    }
    return count;
  }

  void Consume(size_t sent) {
    assert(sent <= bytes_);
    bytes_ -= sent;
    while (sent > 0) {
      Item& front = items_.front();
      if (sent < front.span.length) {
        front.span.data += sent;
        front.span.length -= sent;
        return;
      }
      sent -= front.span.length;
      items_.pop_front();
    }
  }

 private:
  struct Item {
    Span span;
    std::unique_ptr<uint8_t[]> copy;
  };

  std::deque<Item> items_;
  size_t bytes_ = 0;
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_SEND_QUEUE_H_

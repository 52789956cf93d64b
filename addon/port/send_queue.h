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

// Two kinds of bytes wait here. Owned bytes were accepted from the slab: JavaScript was told at
// once that they are on their way, so they outlive a close as bytes in the kernel's buffer would.
// Borrowed bytes belong to a Buffer which JavaScript holds until kSent or kClosed; a close discards
// them.
class SendQueue {
 public:
  bool Empty() const { return items_.empty(); }
  size_t Bytes() const { return bytes_; }
  bool EndsOwned() const { return !items_.empty() && items_.back().owned != nullptr; }

  void AppendCopy(Span span) {
    if (span.length == 0) return;
    auto owned = std::make_unique<uint8_t[]>(span.length);
    std::memcpy(owned.get(), span.data, span.length);
    const uint8_t* data = owned.get();
    items_.push_back({{data, span.length}, std::move(owned)});
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

  // The same, as far as the spans are of the front's kind: a send that the system makes from their
  // memory must know whether a close may give that memory back.
  size_t GatherRun(Span* spans, size_t spans_max, bool* owned) const {
    size_t count = 0;
    *owned = !items_.empty() && items_.front().owned != nullptr;
    for (const Item& item : items_) {
      if (count == spans_max || (item.owned != nullptr) != *owned) break;
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

  // Keeps the owned bytes before the first borrowed span: those were promised.
  void DiscardBorrowed() {
    size_t keep = 0;
    size_t kept_bytes = 0;
    while (keep < items_.size() && items_[keep].owned != nullptr) {
      kept_bytes += items_[keep].span.length;
      keep++;
    }
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(keep), items_.end());
    bytes_ = kept_bytes;
  }

 private:
  struct Item {
    Span span;
    std::unique_ptr<uint8_t[]> owned;
  };

  std::deque<Item> items_;
  size_t bytes_ = 0;
};

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_SEND_QUEUE_H_

// HTTP/2 (RFC 9113): GET requests, each a stream of its own; each response is a 200 with the body
// asked for. As much of a client as that takes.
#include <algorithm>
#include <string>

#include "failure.h"
#include "protocol.h"

namespace iocp_net::bench {

namespace {

enum class Frame : uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};

enum Flag : uint8_t {
  kEndStream = 0x1,
  kAck = 0x1,
  kEndHeaders = 0x4,
  kPadded = 0x8,
  kPriority = 0x20
};

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kHeaderBytes = 9;
constexpr size_t kFrameBytesMax = 16'384;
constexpr uint32_t kWindowBytes = 1u << 20;  // more than a body has
constexpr uint32_t kStreamMax = (1u << 31) - 1;
constexpr uint16_t kSettingEnablePush = 2;
constexpr uint16_t kSettingInitialWindow = 4;
// Of HPACK's static table (RFC 7541, appendix A).
constexpr uint8_t kMethodGet = 2;
constexpr uint8_t kSchemeHttp = 6;
constexpr uint8_t kSchemeHttps = 7;
constexpr uint8_t kStatus200 = 8;
constexpr uint8_t kIndexed = 0x80;
constexpr uint8_t kNameAuthority = 1;
constexpr uint8_t kNamePath = 4;

void Put(std::vector<uint8_t>* to, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) to->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

uint32_t Get(const uint8_t* from, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; i++) value = value << 8 | from[i];
  return value;
}

void PutHeader(std::vector<uint8_t>* to, size_t length, Frame type, uint8_t flags,
               uint32_t stream) {
  Put(to, length, 3);
  to->push_back(static_cast<uint8_t>(type));
  to->push_back(flags);
  Put(to, stream, 4);
}

// A literal that no table keeps, its name from the static table.
void PutLiteral(std::vector<uint8_t>* to, uint8_t name, const std::string& value) {
  if (value.size() > 126) Fail("a path or an authority of more than 126 bytes");
  to->push_back(name);
  to->push_back(static_cast<uint8_t>(value.size()));
  to->insert(to->end(), value.begin(), value.end());
}

// A block begins with updates of the table's size, if there are any, and then with the status.
// 200 has a place in the static table, so that no other field has to be decoded.
void CheckStatus(const uint8_t* block, size_t length) {
  size_t at = 0;
  while (at < length && (block[at] & 0xe0) == 0x20) {
    const bool continues = (block[at++] & 0x1f) == 0x1f;
    while (continues && at < length && (block[at++] & 0x80) != 0) {
    }
  }
  if (at == length || block[at] != (kIndexed | kStatus200)) {
    Fail("the server answered with another status than 200");
  }
}

class Http2 final : public Protocol {
 public:
  explicit Http2(const Options& options) : body_(options.body) {
    block_.push_back(kIndexed | kMethodGet);
    block_.push_back(kIndexed | (options.tls.empty() ? kSchemeHttp : kSchemeHttps));
    PutLiteral(&block_, kNamePath, options.path);
    PutLiteral(&block_, kNameAuthority, options.authority);
  }

  void Open(Output* output, Answers* answers) override {
    output->Append(kPreface);
    PutHeader(&output->bytes, 12, Frame::kSettings, 0, 0);
    Put(&output->bytes, kSettingEnablePush, 2);
    Put(&output->bytes, 0, 4);
    Put(&output->bytes, kSettingInitialWindow, 2);
    Put(&output->bytes, kWindowBytes, 4);
    Widen(kWindowBytes, output);
    answers->OnReady();
  }

  void Request(Output* output) override {
    const auto id = static_cast<uint32_t>(2 * sent_ + 1);
    if (2 * sent_ + 1 > kStreamMax) Fail("the connection has no stream left");
    sent_++;
    streams_.push_back({id, 0, false});
    PutHeader(&output->bytes, block_.size(), Frame::kHeaders, kEndStream | kEndHeaders, id);
    output->Append(block_.data(), block_.size());
  }

  void Receive(const uint8_t* bytes, size_t length, Output* output, Answers* answers) override {
    if (pending_.empty()) {
      const size_t taken = TakeFrames(bytes, length, output, answers);
      pending_.assign(bytes + taken, bytes + length);
      return;
    }
    pending_.insert(pending_.end(), bytes, bytes + length);
    const size_t taken = TakeFrames(pending_.data(), pending_.size(), output, answers);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(taken));
  }

 private:
  struct Stream {
    uint32_t id;
    size_t received;
    bool answered;  // its head has come
  };

  // Whole frames; returns the bytes taken.
  size_t TakeFrames(const uint8_t* bytes, size_t length, Output* output, Answers* answers) {
    size_t at = 0;
    while (length - at >= kHeaderBytes) {
      const uint8_t* const header = bytes + at;
      const size_t payload = Get(header, 3);
      if (payload > kFrameBytesMax) Fail("a frame that is too long");
      if (length - at < kHeaderBytes + payload) break;
      at += kHeaderBytes + payload;
      TakeFrame(static_cast<Frame>(header[3]), header[4], Get(header + 5, 4) & kStreamMax,
                header + kHeaderBytes, payload, output, answers);
    }
    return at;
  }

  void TakeFrame(Frame type, uint8_t flags, uint32_t id, const uint8_t* payload, size_t length,
                 Output* output, Answers* answers) {
    switch (type) {
      case Frame::kData:
        return TakeData(flags, id, payload, length, output, answers);
      case Frame::kHeaders:
        return TakeHead(flags, id, payload, length, answers);
      case Frame::kSettings:
        if ((flags & kAck) == 0) PutHeader(&output->bytes, 0, Frame::kSettings, kAck, 0);
        return;
      case Frame::kPing:
        if ((flags & kAck) != 0) return;
        PutHeader(&output->bytes, length, Frame::kPing, kAck, 0);
        return output->Append(payload, length);
      case Frame::kReset:
        Fail("the server has reset stream " + std::to_string(id) + ", error " +
             std::to_string(length < 4 ? 0 : Get(payload, 4)));
      case Frame::kGoAway:
        Fail("the server goes away, error " + std::to_string(length < 8 ? 0 : Get(payload + 4, 4)));
      case Frame::kPushPromise:
      case Frame::kContinuation:
        Fail("a frame that nobody asked for, type " + std::to_string(static_cast<int>(type)));
      case Frame::kWindowUpdate:
        return;  // requests have no body
    }
    // RFC 9113, 4.1: frames of an unknown type are ignored.
  }

  Stream* Find(uint32_t id) {
    const auto found = std::find_if(streams_.begin(), streams_.end(),
                                    [id](const Stream& stream) { return stream.id == id; });
    if (found == streams_.end()) Fail("a stream that nobody asked for: " + std::to_string(id));
    return &*found;
  }

  static void SkipPadding(uint8_t flags, const uint8_t** payload, size_t* length) {
    if ((flags & kPadded) == 0) return;
    if (*length == 0 || size_t{(*payload)[0]} + 1 > *length) Fail("a frame with false padding");
    *length -= size_t{(*payload)[0]} + 1;
    *payload += 1;
  }

  void TakeHead(uint8_t flags, uint32_t id, const uint8_t* payload, size_t length,
                Answers* answers) {
    Stream* const stream = Find(id);
    if (stream->answered) Fail("a second head, or trailers, on stream " + std::to_string(id));
    if ((flags & kEndHeaders) == 0) Fail("a head in several frames");
    SkipPadding(flags, &payload, &length);
    const size_t priority = (flags & kPriority) == 0 ? 0 : 5;
    if (length < priority) Fail("a frame that is too short");
    CheckStatus(payload + priority, length - priority);
    stream->answered = true;
    if ((flags & kEndStream) != 0) Complete(stream, answers);
  }

  void TakeData(uint8_t flags, uint32_t id, const uint8_t* payload, size_t length, Output* output,
                Answers* answers) {
    Stream* const stream = Find(id);
    if (!stream->answered) Fail("a body without a head");
    consumed_ += static_cast<uint32_t>(length);
    if (consumed_ > kWindowBytes / 2) {
      Widen(consumed_, output);
      consumed_ = 0;
    }
    SkipPadding(flags, &payload, &length);
    if (length > body_.size() - stream->received ||
        body_.compare(stream->received, length, reinterpret_cast<const char*>(payload), length) !=
            0) {
      Fail("wrong bytes in the body of stream " + std::to_string(id));
    }
    stream->received += length;
    if ((flags & kEndStream) != 0) Complete(stream, answers);
  }

  void Complete(Stream* stream, Answers* answers) {
    if (stream->received != body_.size()) Fail("a body of another length than asked for");
    const uint64_t request = (stream->id - 1) / 2;
    streams_.erase(streams_.begin() + (stream - streams_.data()));
    answers->OnResponse(request);
  }

  // The connection's window.
  static void Widen(uint32_t by, Output* output) {
    PutHeader(&output->bytes, 4, Frame::kWindowUpdate, 0, 0);
    Put(&output->bytes, by, 4);
  }

  const std::string body_;
  std::vector<uint8_t> block_;  // the head of each request
  std::vector<Stream> streams_;
  std::vector<uint8_t> pending_;  // a frame that is not complete
  uint64_t sent_ = 0;
  uint32_t consumed_ = 0;  // of the connection's window
};

}  // namespace

std::unique_ptr<Protocol> MakeHttp2(const Options& options) {
  return std::make_unique<Http2>(options);
}

}  // namespace iocp_net::bench

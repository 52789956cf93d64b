// WebSocket (RFC 6455): binary messages in one frame each, which come back as they were.
#include <string>

#include "failure.h"
#include "pattern.h"
#include "protocol.h"

namespace iocp_net::bench {

namespace {

// The example of RFC 6455, 1.3.
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr uint8_t kFinalBinary = 0x82;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kLength16 = 126;
constexpr uint8_t kLength64 = 127;
constexpr uint8_t kMask[] = {0x37, 0xfa, 0x21, 0x3d};

std::vector<uint8_t> FrameHead(size_t length, uint8_t mask) {
  std::vector<uint8_t> head = {kFinalBinary};
  const auto put = [&head, length](size_t bytes) {
    for (size_t i = bytes; i-- > 0;) {
      head.push_back(static_cast<uint8_t>(static_cast<uint64_t>(length) >> (8 * i)));
    }
  };
  if (length < kLength16) {
    head.push_back(static_cast<uint8_t>(mask | length));
  } else if (length <= 0xffff) {
    head.push_back(mask | kLength16);
    put(2);
  } else {
    head.push_back(mask | kLength64);
    put(8);
  }
  return head;
}

class WebSocket final : public Protocol {
 public:
  WebSocket(const Options& options, size_t connection)
      : message_bytes_(options.request_bytes),
        connection_(connection),
        request_head_(FrameHead(options.request_bytes, kMasked)),
        response_head_(FrameHead(options.request_bytes, 0)),
        upgrade_("GET " + options.path + " HTTP/1.1\r\nHost: " + options.authority +
                 "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: " +
                 std::string(kKey) + "\r\n\r\n") {}

  void Open(Output* output, Answers*) override { output->Append(upgrade_); }

  void Request(Output* output) override {
    output->Append(request_head_.data(), request_head_.size());
    output->Append(kMask, sizeof(kMask));
    std::vector<Span> spans;
    Pattern::Shared().Spans(Pattern::Start(connection_, sent_++), message_bytes_, &spans);
    size_t at = 0;
    for (const Span& span : spans) {
      for (const uint8_t byte : span) {
        output->bytes.push_back(byte ^ kMask[at++ % sizeof(kMask)]);
      }
    }
  }

  void Receive(const uint8_t* bytes, size_t length, Output*, Answers* answers) override {
    while (length > 0) {
      const size_t taken =
          upgraded_ ? TakeMessage(bytes, length, answers) : TakeUpgrade(bytes, length, answers);
      bytes += taken;
      length -= taken;
    }
  }

 private:
  size_t TakeUpgrade(const uint8_t* bytes, size_t length, Answers* answers) {
    const size_t before = head_.size();
    head_.append(reinterpret_cast<const char*>(bytes), length);
    const size_t end = head_.find("\r\n\r\n");
    if (end == std::string::npos) return length;
    if (!head_.starts_with("HTTP/1.1 101 ")) {
      Fail("the server answered " + head_.substr(0, head_.find('\r')));
    }
    if (head_.find(kAccept) == std::string::npos) Fail("an upgrade with a wrong key");
    upgraded_ = true;
    answers->OnReady();
    return end + 4 - before;
  }

  size_t TakeMessage(const uint8_t* bytes, size_t length, Answers* answers) {
    if (completed_ == sent_) Fail("bytes that nobody asked for");
    if (received_ < response_head_.size()) {
      if (*bytes != response_head_[received_]) {
        Fail("not a frame with the message: byte " + std::to_string(received_) + " is " +
             std::to_string(*bytes));
      }
      received_++;
      return 1;
    }
    const size_t at = received_ - response_head_.size();
    const size_t taken = std::min(length, message_bytes_ - at);
    if (!Pattern::Shared().Matches(Pattern::Start(connection_, completed_) + at, bytes, taken)) {
      Fail("wrong bytes: connection " + std::to_string(connection_) + ", message " +
           std::to_string(completed_));
    }
    received_ += taken;
    if (at + taken == message_bytes_) {
      received_ = 0;
      answers->OnResponse(completed_++);
    }
    return taken;
  }

  const size_t message_bytes_;
  const size_t connection_;
  const std::vector<uint8_t> request_head_;
  const std::vector<uint8_t> response_head_;
  const std::string upgrade_;
  std::string head_;  // of the answer to the upgrade
  bool upgraded_ = false;
  uint64_t sent_ = 0;
  uint64_t completed_ = 0;
  size_t received_ = 0;  // bytes of the frame under way, its head included
};

}  // namespace

std::unique_ptr<Protocol> MakeWebSocket(const Options& options, size_t connection) {
  return std::make_unique<WebSocket>(options, connection);
}

}  // namespace iocp_net::bench

// Messages of a fixed length: echoed, or answered with bytes of the server's own making.
#include <algorithm>
#include <string>

#include "failure.h"
#include "pattern.h"
#include "protocol.h"

namespace iocp_net::bench {

namespace {

class Messages final : public Protocol {
 public:
  Messages(const Options& options, size_t connection, uint64_t requests)
      : echoes_(options.protocol == ProtocolKind::kEcho),
        request_bytes_(options.request_bytes),
        response_bytes_(echoes_ ? options.request_bytes : options.response_bytes),
        connection_(connection),
        first_(requests) {}

  void Open(Output*, Answers* answers) override { answers->OnReady(); }

  void Request(Output* output) override {
    Pattern::Shared().Spans(Start(sent_++), request_bytes_, &output->spans);
  }

  void Receive(const uint8_t* bytes, size_t length, Output*, Answers* answers) override {
    while (length > 0) {
      if (completed_ == sent_) Fail("bytes that nobody asked for");
      const size_t taken = std::min(length, response_bytes_ - received_);
      Check(bytes, taken);
      bytes += taken;
      length -= taken;
      received_ += taken;
      if (received_ < response_bytes_) return;
      received_ = 0;
      answers->OnResponse(completed_++);
    }
  }

 private:
  size_t Start(uint64_t message) const { return Pattern::Start(connection_, first_ + message); }

  void Check(const uint8_t* bytes, size_t length) const {
    const bool right = echoes_
                           ? Pattern::Shared().Matches(Start(completed_) + received_, bytes, length)
                           : Counting::Shared().Matches(received_, bytes, length);
    if (right) return;
    Fail("wrong bytes: connection " + std::to_string(connection_) + ", message " +
         std::to_string(first_ + completed_) + ", " + std::to_string(length) +
         " bytes after byte " + std::to_string(received_));
  }

  const bool echoes_;
  const size_t request_bytes_;
  const size_t response_bytes_;
  const size_t connection_;
  const uint64_t first_;
  uint64_t sent_ = 0;
  uint64_t completed_ = 0;
  size_t received_ = 0;  // bytes of the response under way
};

}  // namespace

std::unique_ptr<Protocol> MakeMessages(const Options& options, size_t connection,
                                       uint64_t requests) {
  return std::make_unique<Messages>(options, connection, requests);
}

}  // namespace iocp_net::bench

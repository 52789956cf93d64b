// HTTP/1.1: GET or POST requests on a connection that is kept alive; each response is a 200 with
// the body asked for.
#include <algorithm>
#include <charconv>
#include <string>

#include "failure.h"
#include "protocol.h"

namespace iocp_net::bench {

namespace {

size_t ContentLength(std::string_view head) {
  constexpr std::string_view kName = "content-length:";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(), same);
  if (found == head.end()) Fail("a response without Content-Length");
  std::string_view value = head.substr(static_cast<size_t>(found - head.begin()) + kName.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  size_t length = 0;
  if (std::from_chars(value.data(), value.data() + value.size(), length).ec != std::errc()) {
    Fail("a Content-Length that is no number");
  }
  return length;
}

std::string RequestOf(const Options& options) {
  const bool post = options.post_bytes > 0;
  std::string request = (post ? "POST " : "GET ") + options.path +
                        " HTTP/1.1\r\nHost: " + options.authority +
                        "\r\nConnection: keep-alive\r\n";
  if (post) request += "Content-Length: " + std::to_string(options.post_bytes) + "\r\n";
  return request + "\r\n" + std::string(options.post_bytes, 'x');
}

class Http1 final : public Protocol {
 public:
  explicit Http1(const Options& options) : request_(RequestOf(options)), body_(options.body) {}

  void Open(Output*, Answers* answers) override { answers->OnReady(); }

  void Request(Output* output) override {
    output->spans.push_back({reinterpret_cast<const uint8_t*>(request_.data()), request_.size()});
    sent_++;
  }

  void Receive(const uint8_t* bytes, size_t length, Output*, Answers* answers) override {
    while (length > 0) {
      if (completed_ == sent_) Fail("bytes that nobody asked for");
      const size_t taken = in_body_ ? TakeBody(bytes, length) : TakeHead(bytes, length);
      bytes += taken;
      length -= taken;
      if (!in_body_ || received_ < body_.size()) continue;
      received_ = 0;
      in_body_ = false;
      answers->OnResponse(completed_++);
    }
  }

 private:
  size_t TakeHead(const uint8_t* bytes, size_t length) {
    const size_t before = head_.size();
    head_.append(reinterpret_cast<const char*>(bytes), length);
    const size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) return length;
    head_.resize(end + 2);
    if (!head_.starts_with("HTTP/1.1 200 ")) {
      Fail("the server answered " + head_.substr(0, head_.find('\r')));
    }
    if (ContentLength(head_) != body_.size()) Fail("a body of another length than asked for");
    head_.clear();
    in_body_ = true;
    return end + 4 - before;
  }

  size_t TakeBody(const uint8_t* bytes, size_t length) {
    const size_t taken = std::min(length, body_.size() - received_);
    if (body_.compare(received_, taken, reinterpret_cast<const char*>(bytes), taken) != 0) {
      Fail("wrong bytes in the body of response " + std::to_string(completed_));
    }
    received_ += taken;
    return taken;
  }

  const std::string request_;
  const std::string body_;
  uint64_t sent_ = 0;
  uint64_t completed_ = 0;
  std::string head_;  // until it is complete
  bool in_body_ = false;
  size_t received_ = 0;  // bytes of the body
};

}  // namespace

std::unique_ptr<Protocol> MakeHttp1(const Options& options) {
  return std::make_unique<Http1>(options);
}

}  // namespace iocp_net::bench

// What is said on one connection: the bytes of its requests, and whether the right responses come.
#ifndef IOCP_NET_BENCHMARKS_PROTOCOL_H_
#define IOCP_NET_BENCHMARKS_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "options.h"
#include "port/send_queue.h"

namespace iocp_net::bench {

// Bytes that are to leave together. A protocol uses one of the two kinds, never both.
struct Output {
  std::vector<Span> spans;     // of memory that lives as long as the connection
  std::vector<uint8_t> bytes;  // of our own

  bool Empty() const { return spans.empty() && bytes.empty(); }
  void Clear() {
    spans.clear();
    bytes.clear();
  }
  void Append(const uint8_t* data, size_t length) {
    bytes.insert(bytes.end(), data, data + length);
  }
  void Append(std::string_view text) {
    Append(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  }
};

// What a protocol reports while it takes bytes in. It is called when the protocol's own state is
// consistent, so that the next request may be made inside.
class Answers {
 public:
  virtual ~Answers() = default;
  // Requests may be made from now on.
  virtual void OnReady() = 0;
  // The right response to this request is complete; requests of a connection count from 0.
  virtual void OnResponse(uint64_t request) = 0;
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  // The transport is open: what the protocol begins with. Calls OnReady now or later.
  virtual void Open(Output* output, Answers* answers) = 0;
  virtual void Request(Output* output) = 0;
  // Takes all of it. A byte that is wrong, or that nobody asked for, ends the program.
  virtual void Receive(const uint8_t* bytes, size_t length, Output* output, Answers* answers) = 0;
};

// connection: its number. requests: those that earlier connections of this number have made.
std::unique_ptr<Protocol> MakeProtocol(const Options& options, size_t connection,
                                       uint64_t requests);

// One for each file of that name.
std::unique_ptr<Protocol> MakeMessages(const Options& options, size_t connection,
                                       uint64_t requests);
std::unique_ptr<Protocol> MakeHttp1(const Options& options);
std::unique_ptr<Protocol> MakeHttp2(const Options& options);
std::unique_ptr<Protocol> MakeWebSocket(const Options& options, size_t connection);

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_PROTOCOL_H_

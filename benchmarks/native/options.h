// The command line of the load generator.
#ifndef IOCP_NET_BENCHMARKS_OPTIONS_H_
#define IOCP_NET_BENCHMARKS_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "port/address.h"

namespace iocp_net::bench {

enum class Answer : uint8_t {
  kEcho,      // the request's bytes
  kCounting,  // response_bytes bytes; byte n is n modulo 256
  kHttp       // an HTTP/1.1 response with the given body
};

struct Options {
  Address server;
  size_t connections = 1;
  // Each exchange on a connection of its own that closes after it; `connections` at a time.
  bool churn = false;
  // With churn: the next `connections` begin together, when the last of these has closed.
  bool burst = false;
  size_t depth = 1;  // requests in flight on one connection
  size_t request_bytes = 64;
  std::string request;  // instead of request_bytes: these bytes each time (HTTP)
  Answer answer = Answer::kEcho;
  size_t response_bytes = 0;
  std::string body;
  int32_t timeout_ms = 20'000;  // without any progress
};

Options ParseOptions(int count, char** arguments);

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_OPTIONS_H_

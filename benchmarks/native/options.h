// The command line of the load generator.
#ifndef IOCP_NET_BENCHMARKS_OPTIONS_H_
#define IOCP_NET_BENCHMARKS_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "port/address.h"

namespace iocp_net::bench {

enum class ProtocolKind : uint8_t {
  kEcho,      // request_bytes bytes, which come back
  kCounting,  // request_bytes bytes, answered by response_bytes; byte n of these is n modulo 256
  kHttp1,     // GET path, or POST of post_bytes, answered by body
  kHttp2,     // the same
  kWebSocket  // messages of request_bytes, which come back
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
  ProtocolKind protocol = ProtocolKind::kEcho;
  size_t response_bytes = 0;
  std::string path;             // HTTP and WebSocket
  std::string authority;        // likewise
  std::string body;             // HTTP: of each response
  size_t post_bytes = 0;        // HTTP/1: of each request's body; 0: none, by GET
  std::string tls;              // the certificate to trust, PEM; empty: no TLS
  int32_t timeout_ms = 20'000;  // without any progress
};

Options ParseOptions(int count, char** arguments);

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_OPTIONS_H_

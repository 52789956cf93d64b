#include "options.h"

#include <charconv>
#include <string_view>

#include "failure.h"

namespace iocp_net::bench {

namespace {

template <typename Number>
Number ToNumber(std::string_view name, std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    Fail(std::string(name) + " takes a number, not '" + std::string(text) + "'");
  }
  return number;
}

void Apply(std::string_view name, std::string_view value, Options* options) {
  if (name == "--host") {
    options->server.host = value;
  } else if (name == "--port") {
    options->server.port = ToNumber<uint16_t>(name, value);
  } else if (name == "--path") {
    options->server.kind = EndpointKind::kPipe;
    options->server.host = value;
  } else if (name == "--connections") {
    options->connections = ToNumber<size_t>(name, value);
  } else if (name == "--depth") {
    options->depth = ToNumber<size_t>(name, value);
  } else if (name == "--request-bytes") {
    options->request_bytes = ToNumber<size_t>(name, value);
  } else if (name == "--response-bytes") {
    options->protocol = ProtocolKind::kCounting;
    options->response_bytes = ToNumber<size_t>(name, value);
  } else if (name == "--http") {
    options->protocol = ProtocolKind::kHttp1;
    options->path = value;
  } else if (name == "--http2") {
    options->protocol = ProtocolKind::kHttp2;
    options->path = value;
  } else if (name == "--websocket") {
    options->protocol = ProtocolKind::kWebSocket;
    options->path = value;
  } else if (name == "--tls") {
    options->tls = value;
  } else if (name == "--body") {
    options->body = value;
  } else if (name == "--post") {
    options->post_bytes = ToNumber<size_t>(name, value);
  } else if (name == "--timeout-ms") {
    options->timeout_ms = ToNumber<int32_t>(name, value);
  } else {
    Fail("unknown option " + std::string(name));
  }
}

}  // namespace

Options ParseOptions(int count, char** arguments) {
  Options options;
  options.server.host = "127.0.0.1";
  for (int i = 1; i < count; i++) {
    const std::string_view name = arguments[i];
    if (name == "--churn") {
      options.churn = true;
    } else if (name == "--burst") {
      options.churn = options.burst = true;
    } else {
      if (i + 1 == count) Fail(std::string(name) + " takes a value");
      Apply(name, arguments[++i], &options);
    }
  }
  if (options.connections == 0 || options.depth == 0 || options.request_bytes == 0) {
    Fail("--connections, --depth and --request-bytes are at least 1");
  }
  options.authority = options.tls.empty() ? options.server.host : "localhost";
  if (options.churn && options.depth != 1) Fail("--churn makes one exchange on each connection");
  return options;
}

}  // namespace iocp_net::bench

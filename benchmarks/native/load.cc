#include "load.h"

#include <utility>

#include "failure.h"

namespace iocp_net::bench {

namespace {

constexpr int32_t kPatienceMs = 50;
// Below this an open loop does not sleep: waits are in milliseconds.
constexpr int64_t kSpinNs = 1'500'000;
// Local addresses that take turns under churn: a closed connection keeps its port for a minute.
constexpr uint64_t kLocalAddresses = 200;
// Connections that are opened at a time when a run is prepared: less than any backlog.
constexpr uint64_t kHalfOpenMax = 100;

// In place of a start: the request has its response.
constexpr int64_t kCompleted = INT64_MIN;

size_t PlainBytes(const Output& output) {
  size_t bytes = output.bytes.size();
  for (const Span& span : output.spans) bytes += span.size();
  return bytes;
}

}  // namespace

std::string Result::Json() const {
  const auto field = [](const char* name, auto value) {
    return '"' + std::string(name) + "\":" + std::to_string(value) + ',';
  };
  return '{' + field("messages", messages) + field("bytesSent", bytes_sent) +
         field("bytesReceived", bytes_received) + field("elapsedNs", elapsed_ns) +
         field("loadUserNs", load_times.user_ns) + field("loadSystemNs", load_times.system_ns) +
         "\"latenciesNs\":" + latencies.Json() + ",\"latenessNs\":" + lateness.Json() + '}';
}

Load::Load(const Options& options)
    : options_(options), driver_(*this), connections_(options.connections) {
  for (size_t i = 0; i < connections_.size(); i++) {
    connections_[i].load = this;
    connections_[i].number = i;
  }
  if (options.tls.empty()) return;
  tls_ = MakeTlsContext(options.tls, options.protocol == ProtocolKind::kHttp2 ? "h2" : "");
}

void Load::Connect() {
  if (options_.churn) return;
  progress_ns_ = NowNs();
  for (Connection& connection : connections_) {
    Open(connection);
    while (opened_ - ready_ >= kHalfOpenMax) Turn(kPatienceMs);
  }
  while (ready_ < opened_) Turn(kPatienceMs);
}

void Load::Open(Connection& connection) {
  const bool tcp = options_.server.kind == EndpointKind::kTcp;
  Address local;
  local.host = "127.0.0." + std::to_string(2 + opened_ % kLocalAddresses);
  opened_++;
  const bool choose = tcp && options_.churn && options_.server.host == "127.0.0.1";
  const int32_t index = driver_.Connect(options_.server, choose ? &local : nullptr);
  if (index < 0) Fail("connect", index);
  const auto at = static_cast<size_t>(index);
  if (at >= by_index_.size()) by_index_.resize(at + 1);
  by_index_[at] = &connection;
  connection.index = index;
  connection.open = false;
  connection.oldest = 0;
}

Result Load::Measure(const Run& run) {
  run_ = run;
  result_ = Result();
  requests_ = due_ = 0;
  running_ = true;
  const ProcessTimes before = OwnTimes();
  started_ns_ = progress_ns_ = NowNs();

  if (run_.rate == 0) {
    if (options_.burst) {
      StartBurst();
    } else {
      for (Connection& connection : connections_) {
        for (size_t i = 0; i < options_.depth; i++) Next(connection);
      }
    }
  }
  for (;;) {
    if (run_.rate > 0) StartDue();
    if (!running_ && in_flight_ == 0) break;
    int32_t patience_ms = kPatienceMs;
    if (run_.rate > 0 && running_) {
      const auto next_ns =
          started_ns_ + static_cast<int64_t>(static_cast<double>(due_) * 1e9 / run_.rate);
      patience_ms = next_ns - NowNs() > kSpinNs ? 1 : 0;
    }
    Turn(patience_ms);
    if (running_ && !MayStart()) running_ = false;
  }

  result_.elapsed_ns = NowNs() - started_ns_;
  const ProcessTimes after = OwnTimes();
  result_.load_times = {after.user_ns - before.user_ns, after.system_ns - before.system_ns};
  return std::move(result_);
}

void Load::Ignore(int64_t duration_ns) {
  result_ = Result();
  running_ = false;
  for (Connection& connection : connections_) {
    driver_.StopReceiving(connection.index);
    Send(connection, NowNs());
  }
  const int64_t end_ns = NowNs() + duration_ns;
  while (NowNs() < end_ns) {
    progress_ns_ = NowNs();
    Turn(kPatienceMs);
  }
}

void Load::Turn(int32_t timeout_ms) {
  const int64_t now_ns = driver_.Turn(timeout_ms) > 0 ? 0 : NowNs();
  if (now_ns == 0) {
    progress_ns_ = NowNs();
  } else if (in_flight_ > 0 || !running_) {
    if (now_ns - progress_ns_ > int64_t{options_.timeout_ms} * 1'000'000) {
      Fail("nothing has come for " + std::to_string(options_.timeout_ms) + " ms; " +
           std::to_string(in_flight_) + " requests are in flight");
    }
  }
}

// ---- requests ----

bool Load::MayStart() const {
  if (run_.messages > 0) return requests_ < run_.messages;
  return NowNs() - started_ns_ < run_.duration_ns;
}

// Closed loop: the next request, as soon as there is room for it.
void Load::Next(Connection& connection) {
  if (!running_ || run_.rate > 0) return;
  if (!MayStart()) {
    running_ = false;
    return;
  }
  requests_++;
  in_flight_++;
  if (options_.churn) {
    connection.starts.push_back(NowNs());
    Open(connection);
  } else {
    Send(connection, NowNs());
  }
}

void Load::StartBurst() {
  for (Connection& connection : connections_) Next(connection);
}

// Open loop: requests are due at fixed times, whatever has become of those before.
void Load::StartDue() {
  if (!running_) return;
  const int64_t now_ns = NowNs();
  for (;;) {
    const auto intended_ns =
        started_ns_ + static_cast<int64_t>(static_cast<double>(due_) * 1e9 / run_.rate);
    if (intended_ns > now_ns || intended_ns - started_ns_ >= run_.duration_ns) return;
    Connection& connection = connections_[due_ % connections_.size()];
    due_++;
    requests_++;
    in_flight_++;
    result_.lateness.Record(now_ns - intended_ns);
    if (connection.sent - connection.completed < options_.depth) {
      Send(connection, intended_ns);
    } else {
      connection.waiting.push_back(intended_ns);
    }
  }
}

void Load::Send(Connection& connection, int64_t start) {
  const size_t before = PlainBytes(output_);
  connection.protocol->Request(&output_);
  result_.bytes_sent += PlainBytes(output_) - before;
  if (!options_.churn) connection.starts.push_back(start);
  connection.sent++;
  if (!answering_) Leave(connection);
}

void Load::Leave(Connection& connection) {
  Status status = kOk;
  if (connection.tls) {
    for (const Span& span : output_.spans) {
      connection.tls->Encrypt(span.data(), span.size(), &records_);
    }
    if (!output_.bytes.empty()) {
      connection.tls->Encrypt(output_.bytes.data(), output_.bytes.size(), &records_);
    }
    if (!records_.empty()) status = driver_.SendCopy(connection.index, records_);
    records_.clear();
  } else if (!output_.spans.empty()) {
    status = driver_.Send(connection.index, output_.spans);
  } else if (!output_.bytes.empty()) {
    status = driver_.SendCopy(connection.index, output_.bytes);
  }
  output_.Clear();
  if (status != kOk) OnLost(connection.index, status);
}

// ---- responses ----

void Load::OnReceived(int32_t index, const uint8_t* bytes, size_t length) {
  Connection& connection = *by_index_[static_cast<size_t>(index)];
  // What follows on the responses of one chunk leaves in one call, as from a client that pipelines.
  // One by one, the server that is awake first would be given the smaller chunks, and so more of
  // them.
  answering_ = true;
  if (connection.tls) {
    ReceiveTls(connection, bytes, length);
  } else {
    Deliver(connection, bytes, length);
  }
  answering_ = false;
  Leave(connection);
}

void Load::ReceiveTls(Connection& connection, const uint8_t* bytes, size_t length) {
  connection.tls->Feed(bytes, length);
  if (!connection.secured) {
    connection.secured = connection.tls->Handshake(&records_);
    if (!connection.secured) return;
    OpenProtocol(connection);
  }
  const uint8_t* plain = nullptr;
  for (;;) {
    const size_t decrypted = connection.tls->Decrypt(&plain);
    if (decrypted == 0) return;
    Deliver(connection, plain, decrypted);
  }
}

void Load::Deliver(Connection& connection, const uint8_t* bytes, size_t length) {
  result_.bytes_received += length;
  connection.protocol->Receive(bytes, length, &output_, &connection);
}

void Load::Record(Connection& connection, uint64_t request) {
  const uint64_t at = options_.churn ? 0 : request - connection.oldest;
  int64_t& start = connection.starts[at];
  result_.latencies.Record(NowNs() - start);
  start = kCompleted;
  while (!connection.starts.empty() && connection.starts.front() == kCompleted) {
    connection.starts.pop_front();
    connection.oldest++;
  }
}

void Load::OnResponse(Connection& connection, uint64_t request) {
  Record(connection, request);
  connection.completed++;
  result_.messages++;
  if (options_.churn) {
    connection.open = false;
    driver_.Close(connection.index);
    return;  // the exchange is over when the connection is
  }
  in_flight_ -= in_flight_ > 0 ? 1 : 0;
  if (!connection.waiting.empty()) {
    const int64_t intended_ns = connection.waiting.front();
    connection.waiting.pop_front();
    Send(connection, intended_ns);
  } else {
    Next(connection);
  }
}

// ---- connections ----

void Load::OnConnected(int32_t index, Status status) {
  if (status != kOk) Fail("connect", status);
  Connection& connection = *by_index_[static_cast<size_t>(index)];
  connection.open = true;
  if (options_.server.kind == EndpointKind::kTcp) {
    if (const Status set = driver_.SetNoDelay(index); set != kOk) Fail("TCP_NODELAY", set);
  }
  driver_.StartReceiving(index);
  answering_ = true;
  if (tls_) {
    connection.tls = tls_->NewSession();
    connection.secured = false;
    connection.tls->Handshake(&records_);
  } else {
    OpenProtocol(connection);
  }
  answering_ = false;
  Leave(connection);
}

void Load::OpenProtocol(Connection& connection) {
  connection.protocol = MakeProtocol(options_, connection.number, connection.sent);
  connection.protocol->Open(&output_, &connection);
}

void Load::OnReady(Connection& connection) {
  ready_++;
  if (options_.churn) Send(connection, 0);
}

void Load::OnLost(int32_t index, Status status) {
  const Connection& connection = *by_index_[static_cast<size_t>(index)];
  if (!connection.open) return;  // we have closed it
  Fail("the server has closed connection " + std::to_string(connection.number) + " after " +
           std::to_string(connection.completed) + " messages",
       status);
}

void Load::OnClosed(int32_t index) {
  Connection& connection = *by_index_[static_cast<size_t>(index)];
  by_index_[static_cast<size_t>(index)] = nullptr;
  connection.index = -1;
  in_flight_--;
  if (!options_.burst) {
    Next(connection);
  } else if (in_flight_ == 0) {
    StartBurst();
  }
}

}  // namespace iocp_net::bench

#include "load.h"

#include <algorithm>
#include <charconv>
#include <string_view>
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
    : options_(options), driver_(*this), connections_(options.connections) {}

void Load::Connect() {
  if (options_.churn) return;
  progress_ns_ = NowNs();
  for (size_t i = 0; i < connections_.size(); i++) {
    Open(i);
    while (opened_ - connected_ >= kHalfOpenMax) Turn(kPatienceMs);
  }
  while (connected_ < opened_) Turn(kPatienceMs);
}

void Load::Open(size_t number) {
  Connection& connection = connections_[number];
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
}

size_t Load::Number(const Connection& connection) const {
  return static_cast<size_t>(&connection - connections_.data());
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
    Open(Number(connection));
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
    if (connection.starts.size() < options_.depth) {
      Send(connection, intended_ns);
    } else {
      connection.waiting.push_back(intended_ns);
    }
  }
}

void Load::Send(Connection& connection, int64_t start) {
  if (options_.request.empty()) {
    pattern_.Spans(Pattern::Start(Number(connection), connection.sent), options_.request_bytes,
                   &spans_);
  } else {
    spans_.push_back(
        {reinterpret_cast<const uint8_t*>(options_.request.data()), options_.request.size()});
  }
  if (!options_.churn) connection.starts.push_back(start);
  connection.sent++;
  result_.bytes_sent += options_.request_bytes;
  if (!answering_) Leave(connection);
}

void Load::Leave(const Connection& connection) {
  if (spans_.empty()) return;
  const Status status = driver_.Send(connection.index, spans_.data(), spans_.size());
  spans_.clear();
  if (status != kOk) OnLost(connection.index, status);
}

// ---- responses ----

void Load::OnReceived(int32_t index, const uint8_t* bytes, size_t length) {
  Connection& connection = *by_index_[static_cast<size_t>(index)];
  result_.bytes_received += length;
  // What follows on the responses of one chunk leaves in one call, as from a client that pipelines.
  // One by one, the server that is awake first would be given the smaller chunks, and so more of
  // them.
  answering_ = true;
  while (length > 0) {
    if (connection.completed == connection.sent) Fail("bytes that nobody asked for");
    const size_t taken = Take(connection, bytes, length);
    bytes += taken;
    length -= taken;
  }
  answering_ = false;
  Leave(connection);
}

size_t Load::Take(Connection& connection, const uint8_t* bytes, size_t length) {
  switch (options_.answer) {
    case Answer::kEcho:
      connection.expected = options_.request_bytes;
      break;
    case Answer::kCounting:
      connection.expected = options_.response_bytes;
      break;
    case Answer::kHttp:
      if (connection.expected == 0) return TakeHead(connection, bytes, length);
      break;
  }
  const size_t taken = std::min(length, connection.expected - connection.received);
  Check(connection, bytes, taken);
  connection.received += taken;
  if (connection.received == connection.expected) Complete(connection);
  return taken;
}

size_t Load::TakeHead(Connection& connection, const uint8_t* bytes, size_t length) {
  const size_t before = connection.head.size();
  connection.head.append(reinterpret_cast<const char*>(bytes), length);
  const size_t end = connection.head.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) return length;
  connection.head.resize(end + 2);
  if (!connection.head.starts_with("HTTP/1.1 200 ")) {
    Fail("the server answered " + connection.head.substr(0, connection.head.find('\r')));
  }
  connection.expected = ContentLength(connection.head);
  connection.head.clear();
  if (connection.expected != options_.body.size() || connection.expected == 0) {
    Fail("a body of another length than asked for");
  }
  return end + 4 - before;
}

void Load::Check(const Connection& connection, const uint8_t* bytes, size_t length) const {
  bool right = false;
  switch (options_.answer) {
    case Answer::kEcho:
      right = pattern_.Matches(
          Pattern::Start(Number(connection), connection.completed) + connection.received, bytes,
          length);
      break;
    case Answer::kCounting:
      right = counting_.Matches(connection.received, bytes, length);
      break;
    case Answer::kHttp:
      right = options_.body.compare(connection.received, length,
                                    reinterpret_cast<const char*>(bytes), length) == 0;
      break;
  }
  if (!right) {
    Fail("wrong bytes: connection " + std::to_string(Number(connection)) + ", message " +
         std::to_string(connection.completed) + ", " + std::to_string(length) +
         " bytes after byte " + std::to_string(connection.received));
  }
}

void Load::Complete(Connection& connection) {
  connection.received = connection.expected = 0;
  connection.completed++;
  result_.messages++;
  if (!connection.starts.empty()) {
    result_.latencies.Record(NowNs() - connection.starts.front());
    connection.starts.pop_front();
  }
  if (options_.churn) {
    connection.open = false;
    driver_.Close(connection.index, CloseHow::kGraceful);
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
  connected_++;
  if (options_.server.kind == EndpointKind::kTcp) {
    if (const Status set = driver_.SetNoDelay(index); set != kOk) Fail("TCP_NODELAY", set);
  }
  driver_.StartReceiving(index);
  if (options_.churn) Send(connection, 0);
}

void Load::OnLost(int32_t index, Status status) {
  const Connection& connection = *by_index_[static_cast<size_t>(index)];
  if (!connection.open) return;  // we have closed it
  Fail("the server has closed connection " + std::to_string(Number(connection)) + " after " +
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

// The load: when requests are made on which connection, and how long their responses take.
#ifndef IOCP_NET_BENCHMARKS_LOAD_H_
#define IOCP_NET_BENCHMARKS_LOAD_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "clock.h"
#include "latencies.h"
#include "options.h"
#include "port_driver.h"
#include "protocol.h"
#include "tls.h"

namespace iocp_net::bench {

// What ends a run, and what paces it.
struct Run {
  int64_t duration_ns = 0;  // new requests are sent for this long
  uint64_t messages = 0;    // ... or until there were this many
  double rate = 0;          // open loop: requests a second over all connections; 0: closed loop
};

struct Result {
  uint64_t messages = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  int64_t elapsed_ns = 0;
  ProcessTimes load_times;
  Latencies latencies;  // open loop: from the intended start
  Latencies lateness;   // open loop: how late this program looked at a request that was due

  std::string Json() const;
};

class Load final : private Handler {
 public:
  explicit Load(const Options& options);

  // Opens the connections, unless each exchange has its own.
  void Connect();
  // Runs, and waits until nothing is in flight.
  Result Measure(const Run& run);
  // Sends one request on every connection and does not read what comes back for this long.
  void Ignore(int64_t duration_ns);

 private:
  struct Connection final : Answers {
    void OnReady() override { load->OnReady(*this); }
    void OnResponse(uint64_t request) override { load->OnResponse(*this, request); }

    Load* load = nullptr;
    size_t number = 0;
    int32_t index = -1;
    bool open = false;
    std::unique_ptr<TlsContext::Session> tls;
    bool secured = false;  // the handshake is complete
    std::unique_ptr<Protocol> protocol;
    uint64_t sent = 0;            // requests, also on earlier connections of this number
    uint64_t completed = 0;       // responses
    std::deque<int64_t> starts;   // of the requests since the oldest in flight
    uint64_t oldest = 0;          // its number on this connection
    std::deque<int64_t> waiting;  // open loop: intended starts of requests that found no room
  };

  void OnConnected(int32_t index, Status status) override;
  void OnReceived(int32_t index, const uint8_t* bytes, size_t length) override;
  void OnLost(int32_t index, Status status) override;
  void OnClosed(int32_t index) override;

  void OnReady(Connection& connection);
  void OnResponse(Connection& connection, uint64_t request);

  void Open(Connection& connection);
  void OpenProtocol(Connection& connection);
  void Deliver(Connection& connection, const uint8_t* bytes, size_t length);
  void ReceiveTls(Connection& connection, const uint8_t* bytes, size_t length);
  void Send(Connection& connection, int64_t start);
  void Leave(Connection& connection);
  void Record(Connection& connection, uint64_t request);
  void Next(Connection& connection);
  bool MayStart() const;
  void StartDue();
  void StartBurst();
  void Turn(int32_t timeout_ms);

  const Options options_;
  std::unique_ptr<TlsContext> tls_;
  PortDriver driver_;
  std::vector<Connection> connections_;
  std::vector<Connection*> by_index_;
  Output output_;                 // of one connection, has yet to leave
  std::vector<uint8_t> records_;  // likewise, of TLS
  bool answering_ = false;        // to the chunk of a connection

  Run run_;
  bool running_ = false;
  int64_t started_ns_ = 0;
  int64_t progress_ns_ = 0;
  uint64_t requests_ = 0;   // of this run, by their start
  uint64_t due_ = 0;        // open loop: requests whose time has come
  uint64_t in_flight_ = 0;  // requests, and with churn connections that have not closed
  uint64_t opened_ = 0;     // connections, in the life of the program
  uint64_t ready_ = 0;      // those on which requests may be made
  Result result_;
};

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_LOAD_H_

// The floor: a server in plain C++ on the system's own interface, and nothing of iocp-net in it. It
// shows how far the limit is. It serves what echo, churn, upload and download ask for.
#ifndef IOCP_NET_BENCHMARKS_FLOOR_H_
#define IOCP_NET_BENCHMARKS_FLOOR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace iocp_net::bench {

struct FloorOptions {
  enum class Scenario : uint8_t { kEcho, kUpload, kDownload };
  Scenario scenario = Scenario::kEcho;
  size_t bytes = 0;  // of a message: upload and download
};

inline constexpr size_t kDownloadRequestBytes = 16;
inline constexpr size_t kBufferBytes = 64 * 1024;

// What a connection of the floor has to send, whatever the system: bytes that came (echo), or bytes
// of its own.
class FloorAnswers {
 public:
  explicit FloorAnswers(const FloorOptions& options)
      : options_(options), counting_(kBufferBytes + 256) {
    for (size_t i = 0; i < counting_.size(); i++) counting_[i] = static_cast<uint8_t>(i);
  }

  bool Echoes() const { return options_.scenario == FloorOptions::Scenario::kEcho; }

  // How many bytes are owed for `length` received ones; `rest` carries an unfinished request on.
  size_t Owed(size_t length, size_t* rest) const {
    const bool upload = options_.scenario == FloorOptions::Scenario::kUpload;
    const size_t request = upload ? options_.bytes : kDownloadRequestBytes;
    *rest += length;
    const size_t requests = *rest / request;
    *rest %= request;
    return requests * (upload ? 1 : options_.bytes);
  }

  // Bytes of our own from position `at` on, at most kBufferBytes.
  const uint8_t* From(size_t at) const { return counting_.data() + at % 256; }

  // Byte n of a response is n modulo 256, and each response begins anew.
  size_t Period() const {
    return options_.scenario == FloorOptions::Scenario::kUpload ? 1 : options_.bytes;
  }

 private:
  FloorOptions options_;
  std::vector<uint8_t> counting_;
};

// Listens on a free port of 127.0.0.1, prints it, and serves until the process ends.
void Serve(const FloorOptions& options);

// From Serve: the port is known, and commands are obeyed from now on, on a thread that only waits
// for them.
void PrintListening(int port);

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_FLOOR_H_

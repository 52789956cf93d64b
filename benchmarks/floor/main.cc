// usage: iocp_net_floor echo|upload|download [BYTES]
//
// Speaks the protocol of server/server.cjs: prints its port on stdout, answers `usage` and
// `collect`, ends with `quit`.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "clock.h"
#include "failure.h"
#include "floor.h"

namespace iocp_net::bench {

namespace {

void Print(const std::string& json) {
  std::puts(json.c_str());
  std::fflush(stdout);
}

void PrintUsage() {
  const ProcessTimes times = OwnTimes();
  const std::string resident = std::to_string(OwnResidentBytes());
  Print("{\"userUs\":" + std::to_string(times.user_ns / 1'000) +
        ",\"systemUs\":" + std::to_string(times.system_ns / 1'000) +
        ",\"residentBytes\":" + resident + ",\"residentBytesMax\":" + resident + "}");
}

void Obey() {
  std::string line;
  for (int byte = std::getchar(); byte != EOF; byte = std::getchar()) {
    if (byte != '\n') {
      line.push_back(static_cast<char>(byte));
      continue;
    }
    if (line.starts_with("quit")) break;
    PrintUsage();
    line.clear();
  }
  std::_Exit(0);
}

}  // namespace

void PrintListening(int port) {
  Print("{\"listening\":{\"port\":" + std::to_string(port) + "}}");
  std::thread(Obey).detach();
}

}  // namespace iocp_net::bench

int main(int count, char** arguments) {
  using namespace iocp_net::bench;
  FloorOptions options;
  const std::string scenario = count > 1 ? arguments[1] : "";
  if (scenario == "upload") {
    options.scenario = FloorOptions::Scenario::kUpload;
  } else if (scenario == "download") {
    options.scenario = FloorOptions::Scenario::kDownload;
  } else if (scenario != "echo") {
    Fail("usage: iocp_net_floor echo|upload|download [BYTES]");
  }
  if (count > 2) options.bytes = std::strtoull(arguments[2], nullptr, 10);
  if (!FloorAnswers(options).Echoes() && options.bytes == 0) Fail("BYTES is missing");
  Serve(options);
  return 0;
}

// Faults at every call of the backend, by seed, under load. npm run test:faults plays more of it.
#include <doctest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

#include "fault_player.h"

namespace iocp_net::test {

namespace {

constexpr uint64_t kShortSteps = 12'000;
constexpr size_t kWorldSteps = 400;

uint64_t Setting(const char* name, uint64_t fallback) {
  const char* const text = std::getenv(name);
  return text == nullptr || *text == '\0' ? fallback : std::strtoull(text, nullptr, 10);
}

// One JSON object, which scripts/test-faults.mjs reads.
void WriteReport(const char* file, const Injector& injector, const FaultFigures& figures,
                 uint64_t seed) {
  std::ofstream report(file);
  report << "{\"seed\":" << seed << ",\"steps\":" << figures.steps
         << ",\"worlds\":" << figures.worlds << ",\"connections\":" << figures.connections
         << ",\"bytes\":" << figures.bytes << ",\"struck\":" << injector.struck()
         << ",\"late\":" << injector.late() << ",\"cut\":" << injector.cut() << ",\"missing\":[";
  const char* comma = "";
  for (const std::string& missing : injector.Missing()) {
    report << comma << '"' << missing << '"';
    comma = ",";
  }
  report << "],\"rows\":[";
  comma = "";
  for (size_t i = 0; i < FaultTable().size(); i++) {
    const FaultRow& row = FaultTable()[i];
    uint64_t reported = 0;
    for (const auto& [status, count] : injector.tallies()[i].reported) reported += count;
    report << comma << "{\"call\":\"" << row.call << "\",\"error\":\"" << row.name
           << "\",\"answer\":\"" << NameOf(row.answer)
           << "\",\"struck\":" << injector.tallies()[i].struck << ",\"reported\":" << reported
           << ",\"statuses\":[";
    const char* between = "";
    for (const auto& [status, count] : injector.tallies()[i].reported) {
      report << between << status;
      between = ",";
    }
    report << "]}";
    comma = ",";
  }
  report << "]}\n";
  report.close();
  REQUIRE(report.good());
}

}  // namespace

TEST_CASE("faults: every call, every error, by seed, under load") {
  const uint64_t seed = Setting("IOCP_NET_FAULT_SEED", std::random_device()());
  const uint64_t steps = Setting("IOCP_NET_FAULT_STEPS", kShortSteps);
  INFO("seed ", seed, ", ", steps, " steps");
  Injector injector(seed);
  FaultFigures figures;
  for (uint64_t world = 0; figures.steps < steps; world++) {
    INFO("world ", world);
    try {
      FaultPlayer(injector, seed + world).Run(kWorldSteps, &figures);
    } catch (const Violation& violation) {
      FAIL(std::string(violation.what()));
    }
    if (world % 100 == 99) {
      std::printf("faults: %llu steps, %llu faults\n",
                  static_cast<unsigned long long>(figures.steps),
                  static_cast<unsigned long long>(injector.struck()));
      std::fflush(stdout);
    }
  }
  MESSAGE("seed ", seed, ": ", figures.steps, " steps, ", figures.connections, " connections, ",
          figures.bytes, " bytes, ", injector.struck(), " faults, ", injector.late(), " late, ",
          injector.cut(), " cut; not struck, or not reported: ", injector.Missing().size());
  CHECK(injector.struck() > 0);
  CHECK(figures.connections > 0);
  if (const char* const file = std::getenv("IOCP_NET_FAULT_REPORT"); file != nullptr) {
    WriteReport(file, injector, figures, seed);
  }
}

}  // namespace iocp_net::test

#include "program.h"

#include <array>
#include <sstream>

#include "sim/random.h"

namespace iocp_net::test {

namespace {

constexpr size_t kSteps = static_cast<size_t>(Step::kCount);

struct Kind {
  const char* name;
  uint32_t weight;
};

// How often each step is taken where it is taken at all.
constexpr std::array<Kind, kSteps> kKinds{{
    {"turn", 300},        {"listen", 12},
    {"connect", 60},      {"send-slab", 90},
    {"send", 60},         {"receive-start", 60},
    {"receive-stop", 20}, {"take-announced", 30},
    {"shutdown", 15},     {"close", 45},
    {"accept-start", 12}, {"adopt", 12},
    {"duplicate", 6},     {"close-duplicate", 8},
    {"ask", 10},          {"stale", 20},
    {"settle", 4},        {"end", 1},
    {"peer-listen", 4},   {"peer-connect", 50},
    {"peer-accept", 40},  {"peer-send", 90},
    {"peer-receive", 80}, {"peer-shutdown", 15},
    {"peer-close", 30},   {"fork", 8},
    {"fork-ends", 8},     {"lose", 6},
}};

constexpr size_t kStepsMin = 300;
constexpr size_t kStepsMore = 3000;

}  // namespace

Program Program::Generate(uint64_t seed) {
  sim::Random random(seed * 0x2545f4914f6cdd1dU + 1);
  // Each world does without some kinds and has much of others: what goes wrong often needs both.
  std::array<uint32_t, kSteps> weights{};
  uint32_t total = 0;
  for (size_t i = 0; i < kSteps; i++) {
    weights[i] = kKinds[i].weight;
    if (i != static_cast<size_t>(Step::kTurn)) {
      constexpr uint32_t kFactors[] = {0, 1, 1, 1, 1, 4};
      weights[i] *= kFactors[random.Below(std::size(kFactors))];
    }
    total += weights[i];
  }
  Program program;
  program.seed = seed;
  const size_t count = kStepsMin + random.Below(kStepsMore);
  program.steps.reserve(count);
  while (program.steps.size() < count) {
    size_t at = random.Below(total);
    size_t kind = 0;
    while (at >= weights[kind]) at -= weights[kind++];
    program.steps.push_back({static_cast<Step>(kind), random.Next()});
  }
  return program;
}

std::string Program::Text() const {
  std::ostringstream text;
  text << "world " << seed << "\n";
  for (const ProgramStep& step : steps) {
    text << kKinds[static_cast<size_t>(step.step)].name << " " << step.salt << "\n";
  }
  return text.str();
}

bool Program::Parse(const std::string& text, Program* program) {
  std::istringstream lines(text);
  std::string line;
  bool known_world = false;
  while (std::getline(lines, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string word;
    uint64_t number = 0;
    if (!(words >> word >> number)) return false;
    if (word == "world") {
      program->seed = number;
      known_world = true;
      continue;
    }
    size_t kind = 0;
    while (kind < kSteps && word != kKinds[kind].name) kind++;
    if (kind == kSteps) return false;
    program->steps.push_back({static_cast<Step>(kind), number});
  }
  return known_world;
}

}  // namespace iocp_net::test

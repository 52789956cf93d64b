// The engine on a simulated kernel, under random programs. Each world has a seed of its own; the
// first one that breaks a promise is printed, shrunk, and may be kept.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "program.h"
#include "world.h"

namespace iocp_net::test {

namespace {

constexpr const char* kHelp = R"(usage: %s [options]

  --seed N        of the first world; those after it count up (default: one at random)
  --steps N       steps to take (default 1000000)
  --programs DIR  programs to run first: failures that were found before
  --keep FILE     where a failure's shrunk program goes
  --run FILE      that program alone
  --quiet         no line of progress
  --help          this text
)";

constexpr int kFailed = 1;
constexpr unsigned kGuardSeconds = 60;  // of a program that is being shrunk and may hang
constexpr auto kProgress = std::chrono::seconds(5);

struct Options {
  uint64_t seed = std::random_device{}();
  uint64_t steps = 1'000'000;
  std::string programs;
  std::string keep;
  std::string run;
  bool quiet = false;
};

// What a child process says of itself, even when it crashes.
struct Report {
  uint64_t seed;
  Figures figures;
  char failure[512];
};

Report* Shared() {
  static Report* const report = static_cast<Report*>(
      ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return report;
}

void RunOne(const Program& program) {
  // On failure the world is left as it is: what is broken cannot be taken down in good order.
  auto* const world = new World(program.seed);
  try {
    world->Run(program);
  } catch (const Violation& violation) {
    std::snprintf(Shared()->failure, sizeof(Shared()->failure), "%s", violation.what());
    ::_exit(kFailed);
  }
  world->AddTo(&Shared()->figures);
  delete world;
}

// In a child, which may crash. Empty when all is well.
template <typename Body>
std::string InChild(unsigned guard_seconds, bool quiet, Body body) {
  Shared()->failure[0] = '\0';
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (quiet && std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(kFailed);
    ::alarm(guard_seconds);
    body();
    std::fflush(stdout);
    std::exit(0);  // not _exit: leaks are looked for
  }
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid) return "no child process";
  if (Shared()->failure[0] != '\0') return Shared()->failure;
  if (WIFSIGNALED(status)) return std::string("killed by ") + ::strsignal(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return "exit code " + std::to_string(WEXITSTATUS(status));
  return "";
}

std::string RunProgram(const Program& program, bool quiet) {
  return InChild(kGuardSeconds, quiet, [&] { RunOne(program); });
}

// The same failure, whatever its numbers.
std::string KindOf(const std::string& failure) {
  std::string kind;
  for (const char letter : failure) {
    if (letter < '0' || letter > '9') kind += letter;
  }
  return kind;
}

// Leaves out ever smaller runs of steps, as long as it still fails in the same way.
Program Shrink(Program program) {
  const std::string kind = KindOf(RunProgram(program, true));
  for (size_t run = program.steps.size() / 2; run > 0;) {
    bool dropped = false;
    for (size_t at = 0; at + run <= program.steps.size();) {
      Program fewer = program;
      const auto first = fewer.steps.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.steps.erase(first, first + static_cast<std::ptrdiff_t>(run));
      if (KindOf(RunProgram(fewer, true)) == kind) {
        program = std::move(fewer);
        dropped = true;
      } else {
        at += run;
      }
    }
    if (!dropped || run > program.steps.size()) run = std::min(run / 2, program.steps.size());
  }
  return program;
}

bool ReadProgram(const std::string& file, Program* program) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return in.good() && Program::Parse(text.str(), program);
}

int RunFile(const std::string& file) {
  Program program;
  if (!ReadProgram(file, &program)) {
    std::fprintf(stderr, "%s is no program\n", file.c_str());
    return 2;
  }
  const std::string failure = RunProgram(program, false);
  if (failure.empty()) return 0;
  std::printf("%s: %s\n", file.c_str(), failure.c_str());
  return kFailed;
}

int Explain(const Options& options, const std::string& failure, double seconds) {
  const uint64_t seed = Shared()->seed;
  std::printf("FAILED after %.1f s: world %llu: %s\n", seconds,
              static_cast<unsigned long long>(seed), failure.c_str());
  Program program = Program::Generate(seed);
  if (RunProgram(program, true).empty()) {
    std::printf("alone it does not fail: it needs the worlds before it\n");
    return kFailed;
  }
  const size_t before = program.steps.size();
  program = Shrink(program);
  std::printf("shrunk from %zu steps to %zu: %s\n%s", before, program.steps.size(),
              RunProgram(program, true).c_str(), program.Text().c_str());
  if (!options.keep.empty()) std::ofstream(options.keep) << program.Text();
  return kFailed;
}

int RunAll(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  size_t programs = 0;
  if (!options.programs.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(options.programs)) {
      if (entry.path().extension() != ".sim") continue;
      programs++;
      if (const int code = RunFile(entry.path().string()); code != 0) return code;
    }
  }
  Shared()->figures = {};
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const std::string failure = InChild(0, false, [&] {
    auto next = std::chrono::steady_clock::now() + kProgress;
    for (uint64_t seed = options.seed; Shared()->figures.steps < options.steps; seed++) {
      Shared()->seed = seed;
      RunOne(Program::Generate(seed));
      if (options.quiet || std::chrono::steady_clock::now() < next) continue;
      next += kProgress;
      std::printf("%llu steps\n", static_cast<unsigned long long>(Shared()->figures.steps));
      std::fflush(stdout);
    }
  });
  if (!failure.empty()) return Explain(options, failure, seconds());
  const Figures& figures = Shared()->figures;
  const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "{\"seed\":%llu,\"programs\":%zu,\"worlds\":%llu,\"steps\":%llu,\"completions\":%llu,"
      "\"connections\":%llu,\"bytes\":%llu,\"faults\":%llu,\"leaks\":0,\"seconds\":%.1f}\n",
      number(options.seed), programs, number(figures.worlds), number(figures.steps),
      number(figures.completions), number(figures.connections), number(figures.bytes),
      number(figures.faults), seconds());
  return 0;
}

bool ParseOptions(int count, char** words, Options* options, bool* help) {
  for (int i = 1; i < count; i++) {
    const std::string word = words[i];
    const bool has_value = i + 1 < count;
    if (word == "--help") {
      *help = true;
    } else if (word == "--quiet") {
      options->quiet = true;
    } else if (word == "--seed" && has_value) {
      options->seed = std::strtoull(words[++i], nullptr, 10);
    } else if (word == "--steps" && has_value) {
      options->steps = std::strtoull(words[++i], nullptr, 10);
    } else if (word == "--programs" && has_value) {
      options->programs = words[++i];
    } else if (word == "--keep" && has_value) {
      options->keep = words[++i];
    } else if (word == "--run" && has_value) {
      options->run = words[++i];
    } else {
      std::fprintf(stderr, "unknown option %s\n", word.c_str());
      return false;
    }
  }
  return true;
}

int Main(int count, char** words) {
  Options options;
  bool help = false;
  if (!ParseOptions(count, words, &options, &help)) return 2;
  if (help) {
    std::printf(kHelp, words[0]);
    return 0;
  }
  return options.run.empty() ? RunAll(options) : RunFile(options.run);
}

}  // namespace

}  // namespace iocp_net::test

int main(int count, char** words) { return iocp_net::test::Main(count, words); }

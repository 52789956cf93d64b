// The load generator. Its commands come by line on stdin, and it answers each with a line of JSON
// on stdout:
//
//   closed MS         requests one after the other on every connection, for MS milliseconds
//   count N           the same, until there were N
//   open MS RATE      RATE requests a second, at fixed times, for MS milliseconds
//   ignore MS         one request on every connection, and nothing read for MS milliseconds
//   quit
//
// With --features alone it answers what it was built with, and ends.
//
// The first line comes by itself, as soon as the connections are open. What goes wrong is a line on
// stderr and exit code 1.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "failure.h"
#include "load.h"
#include "options.h"
#include "tls.h"

namespace iocp_net::bench {

namespace {

constexpr int64_t kMillisecondNs = 1'000'000;

void Print(const std::string& json) {
  std::puts(json.c_str());
  std::fflush(stdout);
}

bool ReadLine(std::string* line) {
  line->clear();
  for (int byte = std::getchar(); byte != EOF; byte = std::getchar()) {
    if (byte == '\n') return true;
    if (byte != '\r') line->push_back(static_cast<char>(byte));
  }
  return false;
}

struct Command {
  std::string_view verb;
  std::vector<uint64_t> numbers;
};

Command Parse(const std::string& line) {
  std::string_view rest = line;
  Command command;
  command.verb = rest.substr(0, rest.find(' '));
  rest.remove_prefix(command.verb.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc()) Fail("not a command: " + line);
    command.numbers.push_back(number);
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  }
  return command;
}

void Obey(const std::string& line, Load* load) {
  const Command command = Parse(line);
  const size_t expected = command.verb == "open" ? 2 : 1;
  if (command.numbers.size() != expected) Fail("not a command: " + line);
  const uint64_t first = command.numbers[0];
  Run run;
  if (command.verb == "count") {
    run.messages = first;
  } else {
    run.duration_ns = static_cast<int64_t>(first) * kMillisecondNs;
  }
  if (command.verb == "open") run.rate = static_cast<double>(command.numbers[1]);
  if (command.verb == "ignore") {
    load->Ignore(run.duration_ns);
    Print("{\"ignored\":true}");
  } else if (command.verb == "closed" || command.verb == "count" || command.verb == "open") {
    Print(load->Measure(run).Json());
  } else {
    Fail("not a command: " + line);
  }
}

}  // namespace

}  // namespace iocp_net::bench

int main(int count, char** arguments) {
  using namespace iocp_net::bench;
  if (count == 2 && std::string_view(arguments[1]) == "--features") {
    Print(TlsAvailable() ? "{\"tls\":true}" : "{\"tls\":false}");
    return 0;
  }
  Load load(ParseOptions(count, arguments));
  load.Connect();
  Print("{\"connected\":true}");
  std::string line;
  while (ReadLine(&line) && line != "quit") Obey(line, &load);
  return 0;
}

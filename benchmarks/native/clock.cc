#include "clock.h"

#ifdef _WIN32
#include <windows.h>
// After windows.h.
#include <psapi.h>
#else
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#endif

namespace iocp_net::bench {

#ifdef _WIN32

namespace {

int64_t Nanoseconds(const FILETIME& time) {
  ULARGE_INTEGER value;
  value.LowPart = time.dwLowDateTime;
  value.HighPart = time.dwHighDateTime;
  return static_cast<int64_t>(value.QuadPart) * 100;
}

}  // namespace

ProcessTimes OwnTimes() {
  FILETIME created, ended, kernel, user;
  if (::GetProcessTimes(::GetCurrentProcess(), &created, &ended, &kernel, &user) == 0) return {};
  return {Nanoseconds(user), Nanoseconds(kernel)};
}

int64_t OwnResidentBytes() {
  PROCESS_MEMORY_COUNTERS counters{};
  counters.cb = sizeof(counters);
  if (::K32GetProcessMemoryInfo(::GetCurrentProcess(), &counters, sizeof(counters)) == 0) return 0;
  return static_cast<int64_t>(counters.WorkingSetSize);
}

#else

ProcessTimes OwnTimes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto nanoseconds = [](const timeval& time) {
    return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<int64_t>(time.tv_usec) * 1'000;
  };
  return {nanoseconds(usage.ru_utime), nanoseconds(usage.ru_stime)};
}

int64_t OwnResidentBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  long size = 0;
  long resident = 0;
  const int read = std::fscanf(file, "%ld %ld", &size, &resident);
  std::fclose(file);
  return read == 2 ? static_cast<int64_t>(resident) * ::sysconf(_SC_PAGESIZE) : 0;
}

#endif

}  // namespace iocp_net::bench

#include "failure.h"

#include <cstdio>
#include <cstdlib>

namespace iocp_net::bench {

void Fail(const std::string& what, int32_t status) {
  std::string line = what;
  if (status != 0) line += " (error " + std::to_string(status) + ")";
  std::fprintf(stderr, "%s\n", line.c_str());
  std::fflush(stderr);
  std::_Exit(1);
}

}  // namespace iocp_net::bench

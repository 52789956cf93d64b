// Built without OpenSSL.
#include "failure.h"
#include "tls.h"

namespace iocp_net::bench {

bool TlsAvailable() { return false; }

std::unique_ptr<TlsContext> MakeTlsContext(const std::string&, const std::string&) {
  Fail("this load generator was built without OpenSSL, and knows no TLS");
}

}  // namespace iocp_net::bench

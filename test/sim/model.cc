#include "model.h"

namespace iocp_net::test {

void Flow::Receive(const uint8_t* bytes, size_t length) {
  if (received + length > written) {
    Fail("more bytes were received (", received + length, ") than written (", written, ")");
  }
  if (!Pattern::Matches(id, received, bytes, length)) {
    Fail("bytes ", received, " to ", received + length, " are not those that were written");
  }
  received += length;
}

void Flow::OnEnd() const {
  if (!Whole()) return;
  if (!ended) Fail("an end that the sender has not sent");
  if (received < final_min || received > final_max) {
    Fail("an end after ", received, " bytes instead of ", final_min, " to ", final_max);
  }
}

}  // namespace iocp_net::test

// Windows: receives that bring less than the system has, at any length that a test asks for. On
// Linux a marked byte or a descriptor in the stream does that without help.
#ifndef IOCP_NET_TEST_NATIVE_CUT_RECEIVES_H_
#define IOCP_NET_TEST_NATIVE_CUT_RECEIVES_H_
#ifdef _WIN32

#include <cstddef>

namespace iocp_net::test {

// For its lifetime no receive of this program brings more than so many bytes.
class CutReceives {
 public:
  explicit CutReceives(size_t bytes_max);
  ~CutReceives();
  CutReceives(const CutReceives&) = delete;
  CutReceives& operator=(const CutReceives&) = delete;
};

}  // namespace iocp_net::test

#endif  // _WIN32
#endif  // IOCP_NET_TEST_NATIVE_CUT_RECEIVES_H_

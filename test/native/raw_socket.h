// Linux: sockets beside the port, as another process would use them.
#ifndef IOCP_NET_TEST_NATIVE_RAW_SOCKET_H_
#define IOCP_NET_TEST_NATIVE_RAW_SOCKET_H_

#ifdef __linux__

#include <cstdint>
#include <string>

#include "epoll/descriptor.h"

namespace iocp_net::test {

Descriptor ConnectTo(uint16_t number);

void SendAll(const Descriptor& socket, const std::string& bytes, int flags = 0);

// The last of these bytes carries a descriptor: a receive stops after it.
void SendWithDescriptor(const Descriptor& socket, const std::string& bytes);

}  // namespace iocp_net::test

#endif  // __linux__

#endif  // IOCP_NET_TEST_NATIVE_RAW_SOCKET_H_

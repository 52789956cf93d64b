// TLS between a protocol and its connection. Without OpenSSL at build time it is not there.
#ifndef IOCP_NET_BENCHMARKS_TLS_H_
#define IOCP_NET_BENCHMARKS_TLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "protocol.h"

namespace iocp_net::bench {

bool TlsAvailable();

// What all connections share: the one certificate that is trusted, and the protocol to agree on.
class TlsContext {
 public:
  virtual ~TlsContext() = default;

  // One connection. TLS 1.3; the server must be `localhost` by the certificate.
  class Session {
   public:
    virtual ~Session() = default;
    // What the handshake has to send next; true when it is complete.
    virtual bool Handshake(std::vector<uint8_t>* output) = 0;
    virtual void Encrypt(const uint8_t* bytes, size_t length, std::vector<uint8_t>* output) = 0;
    // Takes what has come.
    virtual void Feed(const uint8_t* bytes, size_t length) = 0;
    // Plain bytes of what was fed, until there are none: 0.
    virtual size_t Decrypt(const uint8_t** bytes) = 0;
  };
  virtual std::unique_ptr<Session> NewSession() = 0;
};

// certificate: PEM. alpn: a protocol's name ("h2"), or nothing.
std::unique_ptr<TlsContext> MakeTlsContext(const std::string& certificate, const std::string& alpn);

}  // namespace iocp_net::bench

#endif  // IOCP_NET_BENCHMARKS_TLS_H_

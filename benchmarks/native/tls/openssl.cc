#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "failure.h"
#include "tls.h"

namespace iocp_net::bench {

namespace {

constexpr const char* kServerName = "localhost";
constexpr size_t kRecordBytesMax = 16 * 1024;

[[noreturn]] void FailTls(const std::string& what) {
  char reason[256] = "no reason given";
  if (const unsigned long error = ERR_get_error(); error != 0) {
    ERR_error_string_n(error, reason, sizeof(reason));
  }
  Fail("TLS: " + what + ": " + reason);
}

class OpenSslSession final : public TlsContext::Session {
 public:
  OpenSslSession(SSL_CTX* context, const std::string& alpn)
      : ssl_(SSL_new(context)), alpn_(alpn), plain_(kRecordBytesMax) {
    incoming_ = BIO_new(BIO_s_mem());
    outgoing_ = BIO_new(BIO_s_mem());
    if (ssl_ == nullptr || incoming_ == nullptr || outgoing_ == nullptr) FailTls("a session");
    SSL_set_bio(ssl_, incoming_, outgoing_);  // which owns them from now on
    SSL_set_connect_state(ssl_);
    if (SSL_set_tlsext_host_name(ssl_, kServerName) != 1 || SSL_set1_host(ssl_, kServerName) != 1) {
      FailTls("the server's name");
    }
    if (!alpn_.empty()) {
      const std::string list = static_cast<char>(alpn_.size()) + alpn_;
      if (SSL_set_alpn_protos(ssl_, reinterpret_cast<const uint8_t*>(list.data()),
                              static_cast<unsigned>(list.size())) != 0) {
        FailTls("ALPN");
      }
    }
  }
  ~OpenSslSession() override { SSL_free(ssl_); }
  OpenSslSession(const OpenSslSession&) = delete;
  OpenSslSession& operator=(const OpenSslSession&) = delete;

  bool Handshake(std::vector<uint8_t>* output) override {
    const int done = SSL_do_handshake(ssl_);
    const int error = SSL_get_error(ssl_, done);
    if (done != 1 && error != SSL_ERROR_WANT_READ) FailTls("the handshake");
    Drain(output);
    if (done != 1) return false;
    CheckAlpn();
    return true;
  }

  void Encrypt(const uint8_t* bytes, size_t length, std::vector<uint8_t>* output) override {
    size_t written = 0;
    if (SSL_write_ex(ssl_, bytes, length, &written) != 1 || written != length) FailTls("a write");
    Drain(output);
  }

  void Feed(const uint8_t* bytes, size_t length) override {
    size_t written = 0;
    if (BIO_write_ex(incoming_, bytes, length, &written) != 1 || written != length) {
      FailTls("received bytes");
    }
  }

  size_t Decrypt(const uint8_t** bytes) override {
    size_t length = 0;
    *bytes = plain_.data();
    const int done = SSL_read_ex(ssl_, plain_.data(), plain_.size(), &length);
    if (done == 1) return length;
    switch (SSL_get_error(ssl_, done)) {
      case SSL_ERROR_WANT_READ:
        return 0;
      case SSL_ERROR_ZERO_RETURN:
        Fail("TLS: the server has ended the session");
      default:
        FailTls("a read");
    }
  }

 private:
  void Drain(std::vector<uint8_t>* output) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(outgoing_, &data);
    if (length <= 0) return;
    output->insert(output->end(), data, data + length);
    if (BIO_reset(outgoing_) != 1) FailTls("sent bytes");
  }

  void CheckAlpn() const {
    const uint8_t* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_, &name, &length);
    if (alpn_ != std::string(reinterpret_cast<const char*>(name), length)) {
      Fail("TLS: the server does not speak " + alpn_);
    }
  }

  SSL* ssl_;
  BIO* incoming_;
  BIO* outgoing_;
  const std::string alpn_;
  std::vector<uint8_t> plain_;
};

class OpenSslContext final : public TlsContext {
 public:
  OpenSslContext(const std::string& certificate, const std::string& alpn) : alpn_(alpn) {
    // No configuration of the machine's: it could ask for modules, which a static program has not.
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    context_ = SSL_CTX_new(TLS_client_method());
    if (context_ == nullptr) FailTls("a context");
    if (SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION) != 1) FailTls("TLS 1.3");
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    BIO* const pem = BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()));
    X509* const trusted = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
    if (trusted == nullptr || X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), trusted) != 1) {
      FailTls("the certificate");
    }
    X509_free(trusted);
    BIO_free(pem);
  }
  ~OpenSslContext() override { SSL_CTX_free(context_); }
  OpenSslContext(const OpenSslContext&) = delete;
  OpenSslContext& operator=(const OpenSslContext&) = delete;

  std::unique_ptr<Session> NewSession() override {
    return std::make_unique<OpenSslSession>(context_, alpn_);
  }

 private:
  SSL_CTX* context_ = nullptr;
  const std::string alpn_;
};

}  // namespace

bool TlsAvailable() { return true; }

std::unique_ptr<TlsContext> MakeTlsContext(const std::string& certificate,
                                           const std::string& alpn) {
  return std::make_unique<OpenSslContext>(certificate, alpn);
}

}  // namespace iocp_net::bench

#pragma once
// Certificates made on the spot, and the server's side of TLS.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "common/net.h"
#include "openssl/pem.h"
#include "openssl/ssl.h"
#include "openssl/x509v3.h"

// A self-signed certificate with its key in temporary PEM files.
class Certificate {
 public:
  // `names` like "DNS:localhost,IP:127.0.0.1"; valid from an hour ago for `seconds` from now.
  explicit Certificate(const std::string& names, long seconds = 3600) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), seconds);
    X509_set_pubkey(x, key);
    X509_NAME* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_EXTENSION* san =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(x, san, -1);
    X509_EXTENSION_free(san);
    EXPECT_GT(X509_sign(x, key, EVP_sha256()), 0);
    Write(cert_file_, [&](FILE* f) { PEM_write_X509(f, x); });
    Write(key_file_, [&](FILE* f) {
      PEM_write_PrivateKey(f, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_free(x);
    EVP_PKEY_free(key);
  }
  ~Certificate() {
    unlink(cert_file_);
    unlink(key_file_);
  }
  const char* cert_file() const { return cert_file_; }
  const char* key_file() const { return key_file_; }

 private:
  template <class F>
  static void Write(char* name, F&& write) {
    FILE* f = fdopen(mkstemp(name), "w");
    write(f);
    fclose(f);
  }
  char cert_file_[32] = "/tmp/tls_peer_certXXXXXX", key_file_[32] = "/tmp/tls_peer_keyXXXXXX";
};

// The server's end of a TLS connection; its handshake may fail.
class TlsSession {
 public:
  // `client_ca`: a certificate that clients must show.
  TlsSession(const Socket& s, const Certificate& own, const Certificate* client_ca = nullptr)
      : context_(SSL_CTX_new(TLS_server_method())), ssl_(nullptr) {
    SSL_CTX_use_certificate_file(context_, own.cert_file(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_, own.key_file(), SSL_FILETYPE_PEM);
    if (client_ca != nullptr) {
      SSL_CTX_load_verify_file(context_, client_ca->cert_file());
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, s.fd());
    ok_ = SSL_accept(ssl_) == 1;
  }
  ~TlsSession() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  bool ok() const { return ok_; }
  // Reads one request, "" if there is none, and sends `reply`.
  std::string Answer(std::string_view reply) {
    char buffer[8192];
    int n = ok_ ? SSL_read(ssl_, buffer, sizeof buffer) : 0;
    if (n <= 0) return "";
    SSL_write(ssl_, reply.data(), static_cast<int>(reply.size()));
    return std::string(buffer, static_cast<std::size_t>(n));
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  bool ok_ = false;
};

#include "common/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include <map>

#include "absl/strings/str_format.h"
#include "openssl/err.h"
#include "openssl/x509v3.h"

#include "common/ca_store.h"
#include "common/guarded.h"

namespace {

using Context = std::shared_ptr<SSL_CTX>;

// What OpenSSL says of the first error, which is the cause of the others.
std::string Reason(unsigned long error) {
  const char* text = ERR_reason_error_string(error);
  return text ? text : "unknown error";
}

absl::Status BadFile(const std::string& file, const std::string& what) {
  return absl::InternalError(
      absl::StrFormat("tls: %s %s (%s)", file, what, Reason(ERR_peek_error())));
}

// OpenSSL decodes the extensions of a certificate when it is first used, in whichever thread: here
// nobody else has it yet.
void DecodeExtensions(SSL_CTX* context) {
  if (X509* own = SSL_CTX_get0_certificate(context)) X509_check_purpose(own, -1, 0);
  STACK_OF(X509_OBJECT)* trusted = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
  for (int i = 0; i < sk_X509_OBJECT_num(trusted); ++i)
    if (X509* ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i)))
      X509_check_purpose(ca, -1, 0);
}

absl::Status LoadFiles(SSL_CTX* context, const TlsOptions& o) {
  ERR_clear_error();
  if (o.ca_file.empty() && SystemCaStore() != nullptr) {
    SSL_CTX_set1_cert_store(context, SystemCaStore());
  } else if (!o.ca_file.empty() && SSL_CTX_load_verify_file(context, o.ca_file.c_str()) != 1) {
    return BadFile(o.ca_file, "holds no certificates that we can use");
  }
  if (o.cert_file.empty() && o.key_file.empty()) return absl::OkStatus();
  if (SSL_CTX_use_certificate_chain_file(context, o.cert_file.c_str()) != 1)
    return BadFile("'" + o.cert_file + "'", "is not a certificate that we can use");
  if (SSL_CTX_use_PrivateKey_file(context, o.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return BadFile("'" + o.key_file + "'", "is not a key that we can use for " + o.cert_file);
  return absl::OkStatus();
}

absl::StatusOr<Context> MakeContext(const TlsOptions& o) {
  Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (context == nullptr) return absl::ResourceExhaustedError("tls: out of memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Without one OpenSSL asks for the passphrase of a key on the terminal, and waits.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return -1; });
  bool verify = o.verify != TlsOptions::Verify::kNone;
  SSL_CTX_set_verify(context.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  // Who is named in ca_file is trusted, even if it is not self-signed.
  if (!o.ca_file.empty())
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
  auto loaded = LoadFiles(context.get(), o);
  if (!loaded.ok()) return loaded;
  if (!o.ca_file.empty()) DecodeExtensions(context.get());  // the system's are others' as well
  return context;
}

// The file's name and what changes when its content does.
std::string Stamp(const std::string& file) {
  struct stat s {};
  if (file.empty() || stat(file.c_str(), &s) != 0) return file + "\n";
  return absl::StrFormat("%s %d %d %d.%09d\n", file, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                         s.st_mtim.tv_nsec);
}

absl::StatusOr<Context> ContextFor(const TlsOptions& o) {
  static auto* all = new Guarded<std::map<std::string, std::weak_ptr<SSL_CTX>>>();
  std::string key = absl::StrFormat("%d\n", static_cast<int>(o.verify)) + Stamp(o.ca_file) +
                    Stamp(o.cert_file) + Stamp(o.key_file);
  Context known = all->With([&](auto& contexts) {
    std::erase_if(contexts, [](auto& entry) { return entry.second.expired(); });
    auto at = contexts.find(key);
    return at == contexts.end() ? nullptr : at->second.lock();
  });
  if (known != nullptr) return known;
  auto made = MakeContext(o);
  if (made.ok()) all->With([&](auto& contexts) { contexts[key] = *made; });
  return made;
}

std::string VerifyText(long result, const std::string& server_name) {
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "the certificate is not for " + server_name;
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "the certificate is not valid yet";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return absl::StrFormat("the certificate is of an authority that is not trusted (%s)",
                             X509_verify_cert_error_string(result));
    default:
      return std::string("the certificate is refused: ") + X509_verify_cert_error_string(result);
  }
}

// Whether the peer's alert is about our certificate.
bool IsAboutCertificate(int alert, bool asked) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    case SSL_AD_HANDSHAKE_FAILURE:  // what TLS 1.2 says when there is none
    case SSL_AD_DECRYPT_ERROR: return asked;
    default: return false;
  }
}

}  // namespace

struct TlsClient::State {
  Context context;
  SSL* ssl = nullptr;
  std::string name, server_name;
  bool has_certificate = false;
  bool asked = false;   // the peer wants to see our certificate
  bool shaken = false;  // the handshake is over
  bool heard = false;   // a first byte came after it
  ~State() { SSL_free(ssl); }

  // A peer that asked for a certificate and leaves without a word did not like it: its alert may be
  // lost, because it closes with our first bytes unread.
  absl::Status Ended(absl::Status otherwise) const {
    if (!asked || heard) return otherwise;
    return absl::PermissionDeniedError(
        name + (has_certificate
                    ? ": the peer does not accept our certificate"
                    : ": the peer wants a certificate of ours, and none is configured"));
  }

  absl::Status Alert(unsigned long error) const {
    int alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
    std::string detail = " (" + Reason(error) + ")";
    if (!IsAboutCertificate(alert, asked))
      return absl::DataLossError(name + ": the peer refuses TLS with us" + detail);
    std::string status(Ended(absl::OkStatus()).message());
    return absl::PermissionDeniedError(
        (status.empty() ? name + ": the peer does not accept our certificate" : status) + detail);
  }

  // What a call that returned `result` came to; `os_error` is the errno it left.
  absl::StatusOr<IoStep> Judge(int result, int os_error) const {
    int kind = SSL_get_error(ssl, result);
    if (kind == SSL_ERROR_WANT_READ) return IoStep{0, POLLIN};
    if (kind == SSL_ERROR_WANT_WRITE) return IoStep{0, POLLOUT};
    unsigned long error = ERR_peek_error();
    bool end = kind == SSL_ERROR_ZERO_RETURN || (kind == SSL_ERROR_SYSCALL && os_error == 0) ||
               (error != 0 && ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
    if (end) {
      return Ended(absl::UnavailableError(
          name + (shaken ? ": closed by the peer" : ": closed by the peer in the TLS handshake")));
    }
    if (kind == SSL_ERROR_SYSCALL) return Ended(SystemError(name, os_error));
    if (ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED)
      return absl::PermissionDeniedError(name + ": " +
                                         VerifyText(SSL_get_verify_result(ssl), server_name));
    if (ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET) return Alert(error);
    return absl::DataLossError(name + ": what the peer speaks is no TLS (" + Reason(error) + ")");
  }

  template <class Call>
  absl::StatusOr<IoStep> Try(Call&& call) {
    ERR_clear_error();
    errno = 0;
    int n = call();
    int os_error = errno;
    if (n <= 0) return Judge(n, os_error);
    return IoStep{static_cast<std::size_t>(n), 0};
  }

  bool SetServerName(TlsOptions::Verify verify) {
    bool numeric = IsNumeric(server_name);
    if (!numeric && SSL_set_tlsext_host_name(ssl, server_name.c_str()) != 1) return false;
    if (verify != TlsOptions::Verify::kFull) return true;
    if (!numeric) return SSL_set1_host(ssl, server_name.c_str()) == 1;
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str()) == 1;
  }
};

TlsClient::TlsClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsClient::~TlsClient() = default;

absl::StatusOr<std::unique_ptr<TlsClient>> TlsClient::Create(const TlsOptions& options,
                                                               const std::string& host,
                                                               const std::string& name, int fd) {
  // OpenSSL writes without MSG_NOSIGNAL.
  static const bool ignored = signal(SIGPIPE, SIG_IGN) != SIG_ERR;
  (void)ignored;
  auto context = ContextFor(options);
  if (!context.ok()) return context.status();
  auto state = std::make_unique<State>();
  state->context = *std::move(context);
  state->ssl = SSL_new(state->context.get());
  state->name = name;
  state->server_name = options.server_name.empty() ? host : options.server_name;
  state->has_certificate = !options.cert_file.empty();
  if (state->ssl == nullptr || SSL_set_fd(state->ssl, fd) != 1)
    return absl::ResourceExhaustedError(name + ": out of memory");
  if (!state->SetServerName(options.verify))
    return absl::InternalError(name + ": the server's name cannot be used: " + state->server_name);
  auto note = [](SSL*, void* self) {
    static_cast<State*>(self)->asked = true;
    return 1;
  };
  SSL_set_cert_cb(state->ssl, note, state.get());
  return std::unique_ptr<TlsClient>(new TlsClient(std::move(state)));
}

absl::StatusOr<IoStep> TlsClient::Handshake() {
  auto step = state_->Try([&] { return SSL_connect(state_->ssl); });
  state_->shaken = step.ok() && step->wait == 0;
  return step;
}

absl::StatusOr<IoStep> TlsClient::Read(char* buffer, std::size_t size) {
  int n = static_cast<int>(std::min<std::size_t>(size, 1 << 20));
  auto step = state_->Try([&] { return SSL_read(state_->ssl, buffer, n); });
  if (step.ok() && step->wait == 0) state_->heard = true;
  return step;
}

absl::StatusOr<IoStep> TlsClient::Write(const char* bytes, std::size_t size) {
  int n = static_cast<int>(std::min<std::size_t>(size, 1 << 20));
  return state_->Try([&] { return SSL_write(state_->ssl, bytes, n); });
}

std::size_t TlsClient::pending() const {
  return static_cast<std::size_t>(SSL_pending(state_->ssl));
}

#include "common/stream.h"

#include <errno.h>
#include <sys/socket.h>

#include "absl/strings/str_format.h"

#include "common/tls.h"

namespace {

std::string NameOf(const StreamOptions& o) {
  bool v6 = o.host.find(':') != o.host.npos;
  return absl::StrFormat("%s%s:%d", o.tls ? "tls " : "", v6 ? "[" + o.host + "]" : o.host, o.port);
}

// The outcome of send(2) or recv(2).
absl::StatusOr<IoStep> ToStep(ssize_t n, short wait, const std::string& name) {
  if (n >= 0) return IoStep{static_cast<std::size_t>(n), 0};
  if (errno == EAGAIN || errno == EINTR) return IoStep{0, wait};
  return SystemError(name, errno);
}

absl::StatusOr<IoStep> ReadPlain(int fd, char* buffer, std::size_t size, const std::string& name) {
  ssize_t n = recv(fd, buffer, size, MSG_DONTWAIT);
  if (n == 0) return absl::UnavailableError(name + ": closed by the peer");
  return ToStep(n, POLLIN, name);
}

absl::StatusOr<IoStep> WritePlain(int fd, std::string_view bytes, const std::string& name) {
  return ToStep(send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL), POLLOUT, name);
}

// Whether there is a point in another try. A peer that keeps the socket ready must not keep us.
bool Await(int fd, short events, const Deadline& deadline) {
  return !deadline.Over() && deadline.Wait(fd, events) != 0;
}

}  // namespace

Stream::Stream(StreamOptions options) : options_(std::move(options)), name_(NameOf(options_)) {}
Stream::~Stream() = default;

void Stream::Close() {
  tls_ = nullptr;
  socket_.Close();
}

std::size_t Stream::pending() const { return tls_ ? tls_->pending() : 0; }

absl::Status Stream::Connect(const Deadline& deadline) {
  Close();
  auto socket = Dial(options_.host, options_.port, deadline);
  if (!socket.ok()) return socket.status();
  socket_ = *std::move(socket);
  if (!options_.tls) return absl::OkStatus();
  auto shaken = Shake(deadline);
  if (!shaken.ok()) Close();
  return shaken;
}

absl::Status Stream::Shake(const Deadline& deadline) {
  auto tls = TlsClient::Create(*options_.tls, options_.host, name_, fd());
  if (!tls.ok()) return tls.status();
  tls_ = *std::move(tls);
  while (true) {
    auto step = tls_->Handshake();
    if (!step.ok()) return step.status();
    if (step->wait == 0) return absl::OkStatus();
    if (Await(fd(), step->wait, deadline)) continue;
    return absl::DeadlineExceededError(
        name_ + ": no end of the TLS handshake in time (does this port speak TLS?)");
  }
}

absl::Status Stream::Send(std::string_view bytes, const Deadline& deadline) {
  if (!open()) return absl::UnavailableError(name_ + ": not connected");
  while (!bytes.empty()) {
    auto step = tls_ ? tls_->Write(bytes.data(), bytes.size()) : WritePlain(fd(), bytes, name_);
    if (!step.ok()) return step.status();
    bytes.remove_prefix(step->bytes);
    if (step->wait == 0 || Await(fd(), step->wait, deadline)) continue;
    return absl::DeadlineExceededError(name_ + ": does not read what we ask");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> Stream::Receive(char* buffer, std::size_t size,
                                            const Deadline& deadline) {
  if (!open()) return absl::UnavailableError(name_ + ": not connected");
  while (true) {
    auto step = tls_ ? tls_->Read(buffer, size) : ReadPlain(fd(), buffer, size, name_);
    if (!step.ok()) return step.status();
    if (step->wait == 0) return step->bytes;
    if (Await(fd(), step->wait, deadline)) continue;
    return absl::DeadlineExceededError(name_ + ": no answer in time");
  }
}

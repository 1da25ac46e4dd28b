#include "exporters/redis-sentinel/connection.h"

#include <algorithm>

#include "common/secret.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kBackOffDenied = 30s;  // a retry would only fill the server's ACL log
constexpr std::size_t kMaxShownBytes = 200;

std::string CodeOf(const std::string& line) { return line.substr(0, line.find(' ')); }

bool OutOfClients(const std::string& line) { return line.starts_with("ERR max number of clients"); }

// A line from outside, fit for a log.
std::string Shown(std::string line) {
  line.resize(std::min(line.size(), kMaxShownBytes));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  return line;
}

// Leaves no more to do than to close: the server says so, or nothing works without.
bool EndsSession(const std::string& line) {
  std::string code = CodeOf(line);
  return code == "NOAUTH" || code == "WRONGPASS" || code == "DENIED" || OutOfClients(line);
}

}  // namespace

absl::Status ErrorOf(const std::string& line) {
  std::string code = CodeOf(line), shown = Shown(line);
  if (OutOfClients(line)) return absl::UnavailableError("out of clients (" + shown + ")");
  if (code == "NOAUTH" || code == "WRONGPASS") return absl::UnauthenticatedError(shown);
  if (code == "NOPERM" || code == "DENIED") return absl::PermissionDeniedError(shown);
  if (code == "LOADING" || code == "MASTERDOWN" || code == "BUSY")
    return absl::UnavailableError(shown);
  return absl::FailedPreconditionError(shown);
}

absl::Status FirstError(const Results& results) {
  auto failed = std::find_if(results.begin(), results.end(), [](auto& r) { return !r.ok(); });
  return failed == results.end() ? absl::OkStatus() : failed->status();
}

RedisConnection::RedisConnection(RedisConnectionOptions options)
    : options_(std::move(options)), stream_(options_.stream), reader_(options_.max_reply_bytes) {}

absl::Status RedisConnection::End(absl::Status status) {
  Close();
  return status;
}

absl::Status RedisConnection::Open(const Deadline& deadline) {
  if (open()) return absl::OkStatus();
  password_ = options_.password;
  if (!options_.password_file.empty()) {
    auto secret = ReadSecret(options_.password_file);
    if (!secret.ok())
      return absl::InternalError("password_file " + options_.password_file + " " +
                                 std::string(secret.status().message()));
    password_ = *std::move(secret);
  }
  if (refused_ == password_ && Clock::now() < not_before_)
    return absl::UnauthenticatedError(name() +
                                      ": turned us away a moment ago, not asked again yet");
  auto connected = stream_.Connect(deadline);
  if (!connected.ok()) return connected;
  reader_ = RespReader(options_.max_reply_bytes);
  auth_unsent_ = !password_.empty();
  auth_unanswered_ = false;
  ++sessions_;
  return absl::OkStatus();
}

void RedisConnection::CloseIfEnded() {
  char byte;
  if (!open()) return;
  auto came = stream_.Receive(&byte, 1, Deadline(Clock::now()));
  if (!absl::IsDeadlineExceeded(came.status())) Close();  // or it spoke, though nobody asked
}

absl::Status RedisConnection::Send(const Batch& batch, const Deadline& deadline) {
  if (auto opened = Open(deadline); !opened.ok()) return opened;
  std::string bytes;
  if (auth_unsent_) {
    bytes = FormatCommand(options_.user.empty() ? Command{"AUTH", password_}
                                                : Command{"AUTH", options_.user, password_});
    auth_unsent_ = false;
    auth_unanswered_ = true;
  }
  for (const Command& command : batch) bytes += FormatCommand(command);
  auto sent = stream_.Send(bytes, deadline);
  return absl::IsDeadlineExceeded(sent) ? End(sent) : sent;
}

absl::StatusOr<Reply> RedisConnection::Next(const Deadline& deadline) {
  char buffer[16384];
  for (bool over = false;; over = deadline.Over()) {
    auto reply = reader_.Next();
    if (!reply.ok()) return End(Named(name(), reply.status()));
    if (*reply) return **std::move(reply);
    if (over) return absl::DeadlineExceededError(name() + ": no complete answer in time");
    auto n = stream_.Receive(buffer, sizeof buffer, deadline);
    if (absl::IsDeadlineExceeded(n.status())) return n.status();
    if (!n.ok()) return End(n.status());
    auto fed = reader_.Feed({buffer, *n});
    if (!fed.ok()) return End(Named(name(), fed));
  }
}

// OK when the session can go on after `reply`.
absl::Status RedisConnection::SessionError(const Reply& reply) {
  if (reply.type != Reply::kError || !EndsSession(reply.text)) return absl::OkStatus();
  auto error = ErrorOf(reply.text);
  if (absl::IsUnauthenticated(error)) {
    refused_ = password_;
    not_before_ = Clock::now() + kBackOffDenied;
    std::string user = options_.user.empty() ? "" : "user " + options_.user + ": ";
    error = absl::UnauthenticatedError(
        user + (password_.empty() ? "wants a password, and none is configured"
                                  : "does not accept the password (" + CodeOf(reply.text) + ")"));
  }
  return End(Named(name(), error));
}

// A server without a password answers AUTH with ERR, and goes on. That line may repeat ours.
absl::Status RedisConnection::AwaitAuth(const Deadline& deadline) {
  if (!auth_unanswered_) return absl::OkStatus();
  auto reply = Next(deadline);
  if (!reply.ok()) return reply.status();
  auth_unanswered_ = false;
  refused_.reset();
  bool failed = reply->type == Reply::kError && !EndsSession(reply->text);
  std::string code = CodeOf(reply->text);
  if (failed && code != "ERR") return End(Named(name(), ErrorOf(code + " in answer to AUTH")));
  return SessionError(*reply);
}

absl::StatusOr<Reply> RedisConnection::Receive(const Deadline& deadline) {
  if (auto logged_in = AwaitAuth(deadline); !logged_in.ok()) return logged_in;
  auto reply = Next(deadline);
  if (!reply.ok()) return reply;
  auto error = SessionError(*reply);
  if (!error.ok()) return error;
  return reply;
}

absl::StatusOr<Results> RedisConnection::Run(const Batch& batch, const Deadline& deadline) {
  CloseIfEnded();
  reader_.BeginBatch();
  auto sent = Send(batch, deadline);
  Results results;
  while (open() && results.size() < batch.size()) {
    // After a failed Send only what came before is read: the server may have said why it left.
    auto reply = Receive(sent.ok() ? deadline : Deadline(Clock::now()));
    if (!reply.ok()) {
      Close();
      if (!sent.ok() && absl::IsDeadlineExceeded(reply.status())) break;
      auto said = FirstError(results);
      bool why = !said.ok() && !absl::IsDeadlineExceeded(reply.status());
      return why ? Named(name(), said) : reply.status();
    }
    if (reply->type == Reply::kError) results.push_back(ErrorOf(reply->text));
    else results.push_back(*std::move(reply));
  }
  if (!sent.ok()) return End(sent);
  if (reader_.held() > 0)
    return End(absl::DataLossError(name() + ": answers more than it was asked"));
  return results;
}

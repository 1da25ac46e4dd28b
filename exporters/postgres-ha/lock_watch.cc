#include "exporters/postgres-ha/lock_watch.h"

#include "absl/strings/str_format.h"

#include "exporters/postgres-ha/base64.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kMinBackOff = 1s, kMaxBackOff = 10s;

// All keys that begin with `prefix`: up to the next string of its length.
std::string Keys(const std::string& prefix) {
  std::string end = prefix;
  ++end.back();
  return absl::StrFormat(R"("key":"%s","range_end":"%s")", ToBase64(prefix), ToBase64(end));
}

}  // namespace

LockWatch::LockWatch(const EtcdOptions& options, std::function<void(DcsLook)> tell,
                     Duration check_interval)
    : prefix_(options.prefix),
      tell_(std::move(tell)),
      check_interval_(check_interval),
      stream_(WithoutUser(options.http)) {
  for (auto& url : options.endpoints)
    clients_.push_back(std::make_unique<EtcdClient>(url, options.http));
}

absl::Status LockWatch::Connect(const Deadline& deadline) {
  EtcdClient& client = *clients_[current_];
  auto body = client.Ask("/v3/kv/range", "{" + Keys(prefix_) + "}", deadline);
  if (!body.ok()) return body.status();
  auto keys = ParseEtcdRange(*body, prefix_, Now::Read());
  if (!keys.ok()) return keys.status();
  bool resumes = revision_ > 0 && revision_ <= keys->newest;
  long long from = (resumes ? revision_ : keys->newest) + 1;
  std::string request = absl::StrFormat(R"({"create_request":{%s,"start_revision":"%d"}})",
                                        Keys(prefix_), from);
  if (auto s = client.Watch(stream_, request, deadline); !s.ok()) return s;
  // The first line says whether it may watch.
  auto lines = stream_.ReadLines(deadline);
  if (!lines.ok()) return lines.status();
  if (lines->empty())
    return absl::DeadlineExceededError(client.endpoint() + ": the watch does not begin");
  auto first = ParseEtcdWatch(lines->front(), prefix_, Now::Read());
  if (!first.ok()) return first.status();
  Connected(*std::move(keys), resumes);
  return Hear(*lines);
}

void LockWatch::Connected(EtcdKeys keys, bool resumes) {
  late_until_ = keys.newest;
  if (!resumes) revision_ = keys.newest;
  if (!resumes) holder_ = keys.looks[0].name;
  if (resumes) keys.looks.resize(1);  // the stream tells the rest
  keys.looks[0].resumed = resumes;
  for (auto& look : keys.looks) tell_(std::move(look));
  connected_ = true;
  behind_ = false;
  check_at_ = Clock::now() + check_interval_;
}

void LockWatch::Tell(EtcdKeys keys) {
  for (auto& look : keys.looks) {
    look.late = keys.oldest <= late_until_;
    // Patroni writes the lock again when its lease is a new one.
    bool again = look.what == DcsLook::What::kLockTaken && look.name == holder_;
    if (look.what == DcsLook::What::kLockTaken) holder_ = look.name;
    if (look.what == DcsLook::What::kLockReleased) holder_.clear();
    if (!again) tell_(std::move(look));
  }
  revision_ = std::max(revision_, keys.newest);
}

absl::Status LockWatch::Hear(const std::vector<std::string>& lines) {
  for (auto& line : lines) {
    auto keys = ParseEtcdWatch(line, prefix_, Now::Read());
    // What cannot be read would come again if the stream went on from here.
    if (absl::IsDataLoss(keys.status())) revision_ = 0;
    if (!keys.ok()) return keys.status();
    Tell(*std::move(keys));
  }
  return absl::OkStatus();
}

// Takes what the stream has for us.
absl::Status LockWatch::Listen(const Deadline& deadline) {
  while (!deadline.Over()) {
    auto lines = stream_.ReadLines(Deadline(Clock::now()));
    if (!lines.ok()) return lines.status();
    if (lines->empty()) break;
    if (auto s = Hear(*lines); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status LockWatch::Check(const Deadline& deadline) {
  check_at_ = Clock::now() + check_interval_;
  std::string key = ToBase64(prefix_ + "leader");
  auto body = clients_[current_]->Ask("/v3/kv/range", "{\"key\":\"" + key + "\"}", deadline);
  if (!body.ok()) return body.status();
  auto changed = ParseEtcdRevision(*body);
  if (!changed.ok()) return changed.status();
  bool behind = *changed > revision_;
  if (behind && behind_)
    return absl::DeadlineExceededError(clients_[current_]->endpoint() +
                                       ": the watch stream does not tell what changes");
  behind_ = behind;
  failures_ = 0;
  return absl::OkStatus();
}

Next LockWatch::Lost(absl::Status status) {
  stream_.Close();
  if (absl::IsUnauthenticated(status)) clients_[current_]->ForgetToken();
  if (absl::IsOutOfRange(status)) revision_ = 0;
  if (connected_) tell_(DcsLook());
  connected_ = false;
  current_ = (current_ + 1) % clients_.size();
  int rounds = failures_++ / static_cast<int>(clients_.size());
  Duration back_off = rounds == 0 ? Duration::zero() : kMinBackOff * (1 << std::min(rounds - 1, 4));
  return {std::move(status), Clock::now() + std::min(back_off, kMaxBackOff)};
}

Next LockWatch::Look(const Deadline& deadline) {
  bool check = connected_ && Clock::now() >= check_at_;
  absl::Status status = connected_ ? absl::OkStatus() : Connect(deadline);
  if (status.ok()) status = Listen(deadline);
  if (status.ok() && check) status = Check(deadline);
  if (!status.ok()) return Lost(std::move(status));
  Instant again = deadline.Over() ? Clock::now() : check_at_;
  return {absl::OkStatus(), again, stream_.fd(), POLLIN};
}

#include "exporters/redis-sentinel/write_canary_eye.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {
constexpr auto kTtl = 1h;
}  // namespace

WriteCanaryEye::WriteCanaryEye(std::shared_ptr<DeploymentBoard> board, std::string master,
                               RedisConnectionOptions login, CanaryOptions options)
    : board_(std::move(board)),
      master_(std::move(master)),
      options_(std::move(options)),
      login_(std::move(login)),
      canary_(kTtl) {}

bool WriteCanaryEye::Turn() {
  auto dialled = board_->With([&](const Deployment& d) -> absl::StatusOr<HostPort> {
    auto announced = ParseHostPort(d.AnnouncedMaster(master_));
    if (!announced.ok()) return announced;
    return d.options().address_map.Dialled(*announced);
  });
  if (!dialled.ok()) return false;
  StreamOptions& stream = login_.stream;
  if (connection_ && dialled->host == stream.host && dialled->port == stream.port) return true;
  stream.host = dialled->host;
  stream.port = dialled->port;
  connection_.emplace(login_);
  return true;
}

absl::StatusOr<long long> WriteCanaryEye::Write(const Deadline& deadline) {
  const std::string expiry = std::to_string(std::chrono::milliseconds(kTtl).count());
  auto results = connection_->Run({{"INCR", options_.key}, {"PEXPIRE", options_.key, expiry}},
                                  deadline);
  if (!results.ok()) return results.status();
  for (auto& result : *results)
    if (!result.ok()) return Named(connection_->name(), result.status());
  const Reply& told = *results->front();
  if (told.type != Reply::kInteger)
    return absl::DataLossError(connection_->name() + ": not an answer to INCR");
  return told.integer;
}

Next WriteCanaryEye::Look(const Deadline& deadline) {
  const Instant begin = Clock::now();
  if (!Turn()) return {absl::OkStatus(), begin + options_.interval};
  auto told = Write(deadline);
  canary_.Step(told, begin, Clock::now());
  status_ = told.status();
  return {status_, std::max(begin + options_.interval, Clock::now())};
}

absl::Status WriteCanaryEye::Collect(const Deadline&, Samples& out) {
  canary_.Show(options_.interval, out);
  return status_;
}

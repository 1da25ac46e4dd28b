#include "exporters/postgres-ha/patroni.h"

#include "exporters/postgres-ha/patroni_cluster.h"

using namespace std::chrono_literals;

namespace {

// After /cluster stayed silent (its store may be down, and the request still hangs there) it is left
// alone for this long; /liveness, which needs no store, goes on.
constexpr Duration kClusterBackOff = 10s;

}  // namespace

PatroniEye::PatroniEye(std::shared_ptr<DataSetBoard> board, MemberId member, std::string url,
                       HttpOptions options, Duration interval)
    : board_(std::move(board)),
      member_(std::move(member)),
      url_(std::move(url)),
      asked_(HostPortOf(url_)),
      eye_("patroni " + member_.site + "/" + asked_),
      interval_(interval),
      client_(std::move(options)) {}

absl::Status PatroniEye::Ask(const Deadline& deadline, PatroniLook& look) {
  if (Clock::now() >= cluster_not_before_) {
    auto reply = client_.Get(url_ + "/cluster", deadline);
    if (absl::IsDeadlineExceeded(reply.status()))
      cluster_not_before_ = Clock::now() + kClusterBackOff;
    if (!reply.ok()) return reply.status();
    look.alive = true;
    if (reply->code != 200)
      return absl::DataLossError(asked_ + ": /cluster answers " + std::to_string(reply->code));
    auto cluster = ParseCluster(reply->body);
    if (!cluster.ok()) return cluster.status();
    look = *std::move(cluster);
    return absl::OkStatus();
  }
  auto reply = client_.Get(url_ + "/liveness", deadline);
  if (!reply.ok()) return reply.status();
  look.alive = true;
  return absl::DeadlineExceededError(asked_ + ": alive, but /cluster is silent: is its store down?");
}

Next PatroniEye::Look(const Deadline& deadline) {
  Evidence evidence;
  evidence.eye = eye_;
  evidence.member = member_;
  evidence.begin = board_->Begin(eye_, deadline);
  PatroniLook look;
  auto status = Ask(deadline, look);
  look.asked = asked_;
  evidence.seen = std::move(look);
  evidence.end = Clock::now();
  Instant begin = evidence.begin;
  board_->Post(std::move(evidence));
  return {std::move(status), std::max(begin + interval_, Clock::now())};
}

#include "exporters/postgres-ha/patroni_eye.h"

#include "exporters/postgres-ha/patroni_cluster.h"
#include "exporters/postgres-ha/patroni_config.h"
#include "exporters/postgres-ha/patroni_history.h"

using namespace std::chrono_literals;

namespace {

// After /cluster stayed silent (its store may be down, and the request still hangs there) it is
// left alone for this long; /liveness, which needs no store, goes on.
constexpr Duration kClusterBackOff = 10s;
// Longer than a request is waited out: else nothing else would ever be asked.
constexpr Duration kSilentBackOff = 5min;
constexpr Duration kAfterChange = 10s;
// A request that is waited out ends with a look: this much later at most.
constexpr Duration kGivenUpBy = 5s;

// Puts what was parsed where it belongs.
template <class Parsed, class Place>
absl::Status Take(absl::StatusOr<Parsed> parsed, Place& place) {
  if (parsed.ok()) place = *std::move(parsed);
  return parsed.status();
}

}  // namespace

PatroniEye::PatroniEye(std::shared_ptr<DataSetBoard> board, MemberId member, std::string url,
                       HttpOptions options, Duration interval)
    : board_(std::move(board)),
      member_(std::move(member)),
      url_(std::move(url)),
      asked_(HostPortOf(url_)),
      eye_("patroni " + member_.site + "/" + asked_),
      interval_(interval),
      wait_out_(options.wait_out),
      client_(std::move(options)),
      config_{"/config", 60s},
      history_{"/history", 60s},
      status_{"/patroni", 10s} {}

absl::StatusOr<std::string> PatroniEye::Body(const char* path, const Deadline& deadline) {
  auto reply = client_.Get(url_ + path, deadline);
  if (!reply.ok()) return reply.status();
  if (reply->code != 200)
    return absl::DataLossError(asked_ + ": " + path + " answers " + std::to_string(reply->code));
  return std::move(reply->body);
}

absl::Status PatroniEye::AskCluster(const Deadline& deadline, PatroniLook& look) {
  Instant begin = Clock::now();
  if (begin >= cluster_not_before_) {
    auto reply = client_.Get(url_ + "/cluster", deadline);
    bool silent = absl::IsDeadlineExceeded(reply.status());
    // Behind an extra that is still unanswered it was never asked.
    if (silent && begin >= extra_given_up_) cluster_not_before_ = Clock::now() + kClusterBackOff;
    if (!silent) extra_given_up_ = Instant();
    if (!reply.ok()) return reply.status();
    look.alive = true;
    if (reply->code != 200)
      return absl::DataLossError(asked_ + ": /cluster answers " + std::to_string(reply->code));
    return Take(ParseCluster(reply->body), look);
  }
  auto reply = client_.Get(url_ + "/liveness", deadline);
  if (!reply.ok()) return reply.status();
  look.alive = true;
  return absl::DeadlineExceededError(asked_ +
                                     ": alive, but /cluster is silent: is its store down?");
}

// Whether another one leads, or on another timeline, than when this was asked last.
bool PatroniEye::LeaderChanged(const PatroniLook& look) {
  std::string leader;
  for (auto& m : look.members)
    if (m.role.ends_with("leader"))
      leader += m.name + ' ' + m.role + ' ' + std::to_string(m.timeline.value_or(0)) + '\n';
  if (leader.empty() || leader == leader_) return false;
  return !std::exchange(leader_, leader).empty();
}

absl::Status PatroniEye::AskExtras(const Deadline& deadline, Instant half, PatroniLook& look) {
  absl::Status status;
  auto ask = [&](Extra& extra, bool at_once, auto take) {
    Instant now = Clock::now();
    if (now >= half || now < extra.silent_until || (now < extra.due && !at_once)) return;
    auto body = Body(extra.path, deadline);
    absl::Status taken = body.ok() ? take(*body) : body.status();
    if (taken.ok()) extra.due = now + extra.interval;
    if (absl::IsDeadlineExceeded(taken)) {
      extra.silent_until = now + kSilentBackOff;
      extra_given_up_ = now + wait_out_ + kGivenUpBy;
    }
    status.Update(taken);
  };
  auto [wanted, answers] = board_->With([&](const DataSet& d) {
    return std::pair(d.WantsHistory(member_.site), d.AnswersSql(member_, Clock::now()));
  });
  if (look.has_cluster) {
    if (LeaderChanged(look)) changed_until_ = Clock::now() + kAfterChange;
    bool changed = Clock::now() < changed_until_;
    ask(config_, changed, [&](auto& body) { return Take(ParsePatroniConfig(body), look.config); });
    ask(history_, changed || wanted,
        [&](auto& body) { return Take(ParseHistory(body), look.history); });
  }
  auto& seen = look.dcs_last_seen_unix_seconds;
  if (look.alive && answers)
    ask(status_, false, [&](auto& body) { return Take(ParseLastSeen(body), seen); });
  return status;
}

Next PatroniEye::Look(const Deadline& deadline) {
  Instant begin = Clock::now();
  PatroniLook look;
  auto status = AskCluster(deadline, look);
  status.Update(AskExtras(deadline, begin + (deadline.at() - begin) / 2, look));
  look.asked = asked_;
  board_->Post({{eye_, begin, Clock::now()}, member_, std::move(look)});
  return {std::move(status), std::max(begin + interval_, Clock::now())};
}

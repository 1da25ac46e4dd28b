#include "exporters/postgres-ha/route.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kKeptInterval = 250ms, kFastInterval = 250ms, kWrongInterval = 100ms;
constexpr Duration kFailingInterval = 1s;
constexpr Duration kGiveUpPending = 2s;
// A kept session that landed wrong is let go after this long: a pool would keep it, but then it would
// tell nothing about the route any more.
constexpr Duration kKeepWrong = 10s;

ConnectionOptions Through(const SiteOptions& site, const RouteOptions& route) {
  ConnectionOptions options = site.connection;
  options.host = route.host;
  options.port = route.port;
  return options;
}

}  // namespace

RouteEye::RouteEye(std::shared_ptr<DataSetBoard> board, const SiteOptions& site,
                   const RouteOptions& route, bool fresh)
    : board_(std::move(board)),
      kind_(route.kind),
      fresh_(fresh),
      site_{site.name, ""},
      eye_(RouteEyeName(site.name, route.kind, fresh)),
      interval_(fresh ? site.route_interval : kKeptInterval),
      session_(Through(site, route), kGiveUpPending) {}

Duration RouteEye::Pause(bool fast) const {
  if (!fresh_) return interval_;
  if (fast) return std::min(interval_, right_ ? kFastInterval : kWrongInterval);
  return right_ ? interval_ : std::min(interval_, kFailingInterval);
}

// Of a new session only one that is still pending is kept, for the next look.
void RouteEye::LetGo(const RouteLook& look) {
  bool pending = look.landed.answer == Answer::kTimeout;
  if (right_ || look.landed.answer != Answer::kAnswered) wrong_since_ = Instant::max();
  else wrong_since_ = std::min(wrong_since_, begin_);
  bool stuck = wrong_since_ != Instant::max() && begin_ - wrong_since_ > kKeepWrong;
  if (fresh_ ? !pending : stuck) session_.connection().Close();
}

Next RouteEye::Look(const Deadline& deadline) {
  bool fast = board_->With([](const DataSet& d) { return d.pace() == Pace::kFast; });
  Instant due = begin_ == Instant() ? begin_ : begin_ + Pause(fast);
  if (fresh_ && Clock::now() < due) return {status_, due};  // poked, but asked just now

  Evidence evidence;
  evidence.eye = eye_;
  evidence.member = site_;
  evidence.begin = begin_ = Clock::now();
  RouteLook look;
  look.route = kind_;
  look.fresh = fresh_;
  status_ = session_.See(deadline, look.landed);
  evidence.end = Clock::now();
  evidence.seen = look;
  board_->Post(std::move(evidence));

  bool landed = look.landed.answer == Answer::kAnswered;
  right_ = landed && (kind_ == RouteKind::kReadWrite) == look.landed.Writable();
  LetGo(look);
  fast = board_->With([](const DataSet& d) { return d.pace() == Pace::kFast; });
  Connection& connection = session_.connection();
  int fd = !fresh_ && connection.open() ? connection.fd() : -1;
  return {status_, std::max(begin_ + Pause(fast), Clock::now()), fd, POLLIN};
}

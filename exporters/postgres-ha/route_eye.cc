#include "exporters/postgres-ha/route_eye.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kKeptInterval = 250ms, kFastInterval = 250ms, kWrongInterval = 50ms;
constexpr Duration kFailingInterval = 1s;
constexpr Duration kGiveUpPending = 2s;
// Landing wrong for longer than this is no transition any more. A kept session is let go then: a pool
// would keep it, but it would tell nothing about the route.
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
      accepts_primary_(site.read_only_accepts_primary),
      site_{site.name, ""},
      eye_(RouteEyeName(site.name, route.kind, fresh)),
      interval_(fresh ? site.route_interval : kKeptInterval),
      session_(Through(site, route), kGiveUpPending) {}

Duration RouteEye::Pause(bool fast) const {
  if (!fresh_) return interval_;
  bool wrong = wrong_since_ != Instant::max() && begin_ - wrong_since_ < kKeepWrong;
  if (fast) return std::min(interval_, wrong ? kWrongInterval : kFastInterval);
  return right_in_a_row_ > 0 ? interval_ : std::min(interval_, kFailingInterval);
}

// Whether sessions land wrong, with right ones in between or not.
void RouteEye::Note(const SqlLook& landed) {
  bool answered = landed.answer == Answer::kAnswered;
  bool right = answered && LandsRight(kind_, accepts_primary_, landed);
  right_in_a_row_ = right ? right_in_a_row_ + 1 : 0;
  if (answered && !right) wrong_since_ = std::min(wrong_since_, begin_);
  if (!answered || right_in_a_row_ >= kRouteRise) wrong_since_ = Instant::max();
}

// Of a new session only one that is still pending is kept, for the next look.
void RouteEye::LetGo(const SqlLook& landed) {
  bool pending = landed.answer == Answer::kTimeout;
  bool stuck = wrong_since_ != Instant::max() && begin_ - wrong_since_ > kKeepWrong;
  if (fresh_ ? !pending : stuck) session_.connection().Close();
  if (!fresh_ && stuck) wrong_since_ = Instant::max();
}

Next RouteEye::Look(const Deadline& deadline) {
  bool fast = board_->With([](const DataSet& d) { return d.pace() == Pace::kFast; });
  Instant due = begin_ == Instant() ? begin_ : begin_ + Pause(fast);
  if (fresh_ && Clock::now() < due) return {status_, due};  // poked, but asked just now

  begin_ = Clock::now();
  RouteLook look{.route = kind_, .fresh = fresh_, .landed = {}};
  status_ = session_.See(deadline, look.landed);
  board_->Post({{eye_, begin_, Clock::now()}, site_, look});

  Note(look.landed);
  LetGo(look.landed);
  fast = board_->With([](const DataSet& d) { return d.pace() == Pace::kFast; });
  Connection& connection = session_.connection();
  int fd = !fresh_ && connection.open() ? connection.fd() : -1;
  return {status_, std::max(begin_ + Pause(fast), Clock::now()), fd, POLLIN};
}

#include "exporters/pihole/api_eye.h"

#include <algorithm>
#include <optional>

#include "exporters/pihole/api_poll.h"
#include "exporters/pihole/drift_log.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kPauseAtLeast = 2s;

class ApiEye : public Collector {
 public:
  ApiEye(std::shared_ptr<PiholesBoard> board, const PiholeOptions& pihole,
         const PiholesOptions& all)
      : board_(std::move(board)), pihole_(pihole), all_(all) {}

  Next Look(const Deadline& deadline) override {
    const Instant begin = Clock::now();
    if (begin < not_before_) return {status_, std::min(due_, not_before_)};
    if (!poll_) poll_.emplace(pihole_, all_, Means());
    auto [status, look, texts] = poll_->Poll(deadline);
    board_->Post({{"api " + pihole_.name, begin, Clock::now()}, std::move(look)});
    if (!texts.empty()) NameDrift(texts);
    status_ = status;
    const Duration fast = all_.intervals.fast;
    due_ = std::max(begin + fast, Clock::now());
    not_before_ = begin + std::min(fast, kPauseAtLeast);
    return {status_, due_};
  }
  void Leave(const Deadline& deadline) override {
    if (poll_) poll_->Leave(deadline);
  }

 private:
  void NameDrift(const ItemTexts& texts) const {
    LogDrift(pihole_.name, texts, board_->With([&](const Piholes& piholes) {
      return piholes.compared_with(pihole_.name, Clock::now());
    }));
  }
  // What an earlier process, or the eye before this one, left on the board: asked for when we look
  // first, because until then that one may still be at work.
  SessionMeans Means() {
    SessionMeans means;
    board_->With([&](const Piholes& piholes) {
      means.user_agent = piholes.user_agent();
      means.sid = piholes.sid(pihole_.name);
    });
    // It counts at once, and has to wait for no look: so it ended before all of them.
    means.keep = [board = board_, name = pihole_.name, url = pihole_.api.url](auto& sid) {
      board->Post({{"seat " + name, Instant::min(), Instant::min()}, SeatLook{name, url, sid}});
    };
    return means;
  }

  const std::shared_ptr<PiholesBoard> board_;
  const PiholeOptions pihole_;
  const PiholesOptions all_;
  std::optional<ApiPoll> poll_;
  absl::Status status_;
  Instant due_ = Instant::min(), not_before_ = Instant::min();
};

}  // namespace

std::unique_ptr<Collector> MakeApiEye(std::shared_ptr<PiholesBoard> board,
                                      const PiholeOptions& pihole, const PiholesOptions& all) {
  return std::make_unique<ApiEye>(std::move(board), pihole, all);
}

// A collection that had less time than a look has, and got no answer, proves nothing.
#include <gtest/gtest.h>

#include "exporters/redis-sentinel/node_eye.h"
#include "exporters/redis-sentinel/sentinel_eye.h"
#include "tests/common/peer.h"
#include "tests/redis-sentinel/replay.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kPatience = 200ms;

// A server that takes connections and never answers, as one beyond a slow link.
class Hurried : public testing::Test {
 protected:
  Hurried() {
    MasterView view = ViewOf("10.88.0.11:26379", node_);
    const Instant now = Clock::now();
    board_->Post({{"sentinel 10.88.0.11:26379", now, now},
                  SentinelLook{"10.88.0.11:26379", absl::OkStatus(), Info(), {view}}});
  }
  RedisConnectionOptions To() const {
    return {{"127.0.0.1", peer_.port(), {}}, "", "", "", 1 << 20};
  }
  // The value of `series` after a collection that had `time`; NaN: nothing is known.
  double After(Collector& eye, Duration time, const std::string& series) {
    Samples page, own;
    EXPECT_FALSE(eye.Collect(Deadline::In(time), own).ok());
    board_->Show(Now::Read(), page);
    std::istringstream lines(RenderPage({&page}, Format::kText));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
    return std::nan("");
  }

  Peer peer_{[](const Socket& s) { AwaitClose(s); }};
  const std::string node_ = "127.0.0.1:" + std::to_string(peer_.port());
  std::shared_ptr<DeploymentBoard> board_ =
      std::make_shared<DeploymentBoard>(Deployment(OneDeployment()));
};

TEST_F(Hurried, ANode) {
  NodeEye eye(board_, node_, To(), 1s, kPatience);
  const std::string up = "redis_sentinel_node_up{master_name=\"mymaster\",node=\"" + node_ + "\"}";
  EXPECT_TRUE(std::isnan(After(eye, 50ms, up)));
  EXPECT_EQ(After(eye, 2s, up), 0) << "it had as much time as a look";
}

TEST_F(Hurried, ASentinel) {
  SentinelEye eye(board_, "10.88.0.12:26379", To(), kPatience);
  const std::string up = "redis_sentinel_sentinel_up{sentinel=\"10.88.0.12:26379\"}";
  EXPECT_TRUE(std::isnan(After(eye, 50ms, up)));
  EXPECT_EQ(After(eye, 2s, up), 0) << "it had as much time as a look";
}

}  // namespace

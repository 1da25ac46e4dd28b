#include "tests/redis-sentinel-lab/link.h"

#include <sstream>

using namespace std::chrono_literals;

namespace {

const char kProxy[] = SOURCE_DIR "/tests/lab/tcp-proxy";
int next_link = 0;

std::string NextFile() {
  return RedisLab::The().directory() + "/link" + std::to_string(next_link++);
}

}  // namespace

Link::Link(const std::string& server, int delay_ms)
    : server_(server),
      control_(NextFile()),
      child_({kProxy, "0", std::to_string(RedisLab::The().Port(server)), "--delay-ms",
              std::to_string(delay_ms), "--control", control_},
             control_ + ".log") {
  EXPECT_TRUE(Eventually(10, "the link is there", [&] { return child_.Output().ends_with("\n"); }));
  port_ = std::atoi(child_.Output().c_str());
}

std::string Link::Tell(const std::string& words) const {
  std::vector<std::string> command = {kProxy, "tell", control_};
  std::istringstream stream(words);
  for (std::string word; stream >> word;) command.push_back(word);
  auto done = RunCommand(command, Deadline::In(10s));
  EXPECT_EQ(done.code, 0) << words << ": " << done.output;
  return done.output.substr(0, done.output.find('\n'));
}

int Link::CountFor(const std::string& what, double seconds) const {
  const int before = Count(what);
  Deadline::In(FromSeconds(seconds)).Wait(-1, 0);
  return Count(what) - before;
}

std::string Link::AsAddressMap() const {
  return "address_map: [{announced: \"" + RedisLab::The().Address(server_) +
         "\", dialled: \"127.0.0.1:" + std::to_string(port_) + "\"}]";
}

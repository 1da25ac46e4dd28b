#include "exporters/pihole/drift_log.h"

#include <gtest/gtest.h>

#include "common/config.h"
#include "common/log.h"
#include "exporters/pihole/api_eye.h"
#include "exporters/pihole/api_poll.h"
#include "tests/pihole/fake_pihole.h"

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <class F>
std::string Logged(Level level, F&& f) {
  ConfigureLog(level, LogFormat::kLogfmt);
  testing::internal::CaptureStderr();
  f();
  ConfigureLog(Level::kInfo, LogFormat::kLogfmt);
  return testing::internal::GetCapturedStderr();
}

std::shared_ptr<const ConfigItems> Settings(const ItemTexts& texts) {
  return std::make_shared<const ConfigItems>(FingerprintsOf(texts));
}

TEST(DriftLog, NamesTheFirstTwentyThatTheOtherHasNot) {
  ItemTexts own{{"lists", {"x", "both"}}, {"groups", {"g"}}, {"clients", {"c"}}};
  for (int i = 10; i < 40; ++i) own["lists"].push_back("item" + std::to_string(i));
  const ItemTexts theirs{{"lists", {"both", "theirs"}}, {"groups", {"g"}}};
  std::string log = Logged(Level::kDebug, [&] { LogDrift("b", own, {{"a", Settings(theirs)}}); });
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr("pihole=b other=a component=lists number=31 items=\"x item10 "));
  EXPECT_THAT(log, HasSubstr(" item28\"\n"));
  EXPECT_THAT(log, Not(HasSubstr("both")));
  EXPECT_EQ(Logged(Level::kDebug, [&] { LogDrift("b", own, {{"a", Settings(own)}}); }), "");
}

// From both sides, and only when the log is to have it.
TEST(DriftLog, IsWrittenWhenAnEyeHasReadTheSettings) {
  FakePihole a, b(R"({"drift": {"dns": "add-host", "lists": "delete-first"}})");
  std::string yaml = "piholes:\n";
  for (auto [name, fake] : {std::pair("a", &a), std::pair("b", &b)})
    yaml += "  - {name: " + std::string(name) + ", dns: 127.0.0.1, api: {url: '" + fake->Url() +
            "'}}\n";
  Fields fields = Fields::FromText("test.yml", yaml);
  auto options = ReadPiholes(fields);
  ASSERT_TRUE(options.ok()) << options.status();
  for (Level level : {Level::kInfo, Level::kDebug}) {
    auto board = std::make_shared<PiholesBoard>(Piholes(*options));
    std::vector<std::unique_ptr<Collector>> eyes;
    for (auto& pihole : options->piholes) eyes.push_back(MakeApiEye(board, pihole, *options));
    auto look = [&](int eye) {
      const Deadline deadline = Deadline::In(ApiPoll::LookDeadline(options->piholes[0].api));
      return Logged(level, [&] { EXPECT_TRUE(eyes[eye]->Look(deadline).status.ok()); });
    };
    EXPECT_EQ(look(0), "");
    const std::string log = look(1);
    if (level == Level::kInfo) {
      EXPECT_EQ(log, "");
      continue;
    }
    EXPECT_THAT(log, HasSubstr("pihole=b other=a component=dns_hosts number=1 items="));
    EXPECT_THAT(log, HasSubstr("192.0.2.199 new.lan"));
    EXPECT_THAT(log, Not(HasSubstr("component=lists")));  // which b lacks
    eyes[0] = MakeApiEye(board, options->piholes[0], *options);
    EXPECT_THAT(look(0), HasSubstr("pihole=a other=b component=lists number=1 items="));
  }
}

}  // namespace

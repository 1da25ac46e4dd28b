#include "exporters/pihole/drift_facts.h"

namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using std::chrono::minutes;

Now At(double minute) { return {Instant(FromSeconds(60 * minute)), 1'800'000'000 + 60 * minute}; }

// A component's items by their hashes.
ConfigItems Has(std::vector<std::uint64_t> lists) {
  ComponentItems items{7, lists};
  for (auto item : lists) items.fingerprint = items.fingerprint * 31 + item;
  return {{"lists", items}};
}

Part<ConfigItems> ReadAt(double minute, ConfigItems items) {
  return {std::make_shared<const ConfigItems>(std::move(items)), At(minute).at, minutes(5)};
}

class DriftFactsTest : public ::testing::Test {
 protected:
  void Read(const std::string& pihole, double minute, ConfigItems items) {
    facts_.Step(pihole, ReadAt(minute, std::move(items)), "a", At(minute));
  }
  std::string Page(double minute, const std::string& reference = "a") const {
    Samples out;
    facts_.Show({"a", "b", "c"}, reference, At(minute), out);
    return RenderPage({&out}, Format::kText);
  }
  DriftFacts facts_;
};

constexpr char kDrift[] =
    "pihole_config_drift_items{pihole=\"b\",component=\"lists\",reference=\"a\"} ";
constexpr char kSince[] = "pihole_config_drift_since_timestamp_seconds"
                         "{pihole=\"b\",component=\"lists\",reference=\"a\"} ";

TEST_F(DriftFactsTest, SinceWhenAndHowMuch) {
  Read("a", 0, Has({1, 2}));
  Read("b", 0, Has({1, 2}));
  EXPECT_THAT(Page(0), HasSubstr(std::string(kDrift) + "0\n"));
  EXPECT_THAT(Page(0), Not(HasSubstr(kSince)));
  EXPECT_THAT(Page(0), HasSubstr("pihole_config_items{pihole=\"a\",component=\"lists\"} 2\n"));
  EXPECT_THAT(Page(0),
              HasSubstr("pihole_config_check_timestamp_seconds{pihole=\"b\"} 1.8e+09\n"));
  // The reference and a Pi-hole that was never read have none.
  EXPECT_THAT(Page(0), Not(HasSubstr("drift_items{pihole=\"a\"")));
  EXPECT_THAT(Page(0), Not(HasSubstr("pihole=\"c\"")));

  Read("a", 5, Has({1, 2, 3}));
  Read("b", 6, Has({1, 2}));
  EXPECT_THAT(Page(6), HasSubstr(std::string(kDrift) + "1\n"));
  EXPECT_THAT(Page(6), HasSubstr(std::string(kSince) + "1800000300\n"));
  Read("a", 10, Has({1, 2, 3}));
  Read("b", 11, Has({1, 9}));  // another difference: it still is not equal since then
  EXPECT_THAT(Page(11), HasSubstr(std::string(kDrift) + "3\n"));
  EXPECT_THAT(Page(11), HasSubstr(std::string(kSince) + "1800000300\n"));
  Read("b", 16, Has({1, 2, 3}));
  EXPECT_THAT(Page(16), HasSubstr(std::string(kDrift) + "0\n"));
  EXPECT_THAT(Page(16), Not(HasSubstr(kSince)));
}

// Not known is absent, not equal.
TEST_F(DriftFactsTest, WhatCannotBeComparedIsAbsent) {
  Read("a", 0, Has({1}));
  Read("b", 10, Has({2}));
  EXPECT_THAT(Page(15), HasSubstr(kDrift));
  std::string page = Page(15.1);  // of the reference, three intervals are over
  EXPECT_THAT(page, Not(HasSubstr("drift_")));
  EXPECT_THAT(page, HasSubstr("pihole_config_fingerprint{pihole=\"b\""));
  EXPECT_THAT(page, Not(HasSubstr("fingerprint{pihole=\"a\"")));

  Read("a", 20, Has({1}));
  Part<ConfigItems> none = ReadAt(20, {});
  none.value = nullptr;
  facts_.Step("b", none, "a", At(20));
  EXPECT_THAT(Page(20), Not(HasSubstr("fingerprint{pihole=\"b\"")));
  EXPECT_THAT(Page(20), Not(HasSubstr("items{pihole=\"b\"")));
  Read("b", 21, {});  // read, but the component was not
  EXPECT_THAT(Page(21), Not(HasSubstr("drift_")));
  // When they were last read stands still, for however long.
  constexpr char kRead[] = "pihole_config_check_timestamp_seconds{pihole=\"b\"} 1800000600\n";
  EXPECT_THAT(Page(21), HasSubstr(kRead));
  EXPECT_THAT(Page(200), HasSubstr(kRead));
  // It differs still: nobody saw that it was equal meanwhile.
  Read("b", 22, Has({2}));
  EXPECT_THAT(Page(22), HasSubstr(std::string(kSince) + "1800000600\n"));
}

// A restart of the exporter does not begin the 45 minutes anew.
TEST_F(DriftFactsTest, SinceWhenSurvivesARestart) {
  Read("a", 0, Has({1}));
  const int before = facts_.facts_revision();
  Read("b", 0, Has({2}));
  EXPECT_GT(facts_.facts_revision(), before);
  const std::string facts = facts_.Facts();
  auto restart = [&](double minute) {
    facts_ = DriftFacts();
    facts_.Restore(Json::Parse(facts)->view(), At(minute));
  };
  restart(10);
  EXPECT_THAT(Page(10), Not(HasSubstr("drift_")));
  Read("a", 10, Has({1}));
  Read("b", 10, Has({3}));
  EXPECT_THAT(Page(10), HasSubstr(std::string(kSince) + "1.8e+09\n"));
  EXPECT_EQ(facts_.facts_revision(), 0);  // nothing to write
  restart(10);
  Read("a", 10, Has({1}));
  Read("b", 10, Has({1}));
  EXPECT_THAT(Page(10), Not(HasSubstr(kSince)));
  EXPECT_EQ(facts_.Facts(), "[]");
  restart(-1);  // the wall clock went back
  EXPECT_EQ(facts_.Facts(), "[]");
}

TEST_F(DriftFactsTest, TakesNoNonsenseFromTheFile) {
  for (std::string item :
       {"{}", "7", R"({"reference": "a", "pihole": "b", "component": "x", "since": 1})",
        R"({"reference": "a", "pihole": "b", "component": "lists", "since": -1})",
        R"({"reference": "a", "pihole": 1, "component": "lists", "since": 1})",
        R"({"reference": "a", "pihole": "b", "component": "lists", "since": "1"})"}) {
    facts_.Restore(Json::Parse("[" + item + "]")->view(), At(0));
    EXPECT_EQ(facts_.Facts(), "[]") << item;
  }
  facts_.Restore(Json::Parse("{}")->view(), At(0));
  EXPECT_EQ(facts_.Facts(), "[]");
}

TEST_F(DriftFactsTest, ForgetsPiholesThatAreGone) {
  Read("a", 0, Has({1}));
  Read("b", 0, Has({2}));
  facts_.Keep({"a"}, {});
  EXPECT_EQ(facts_.Facts(), "[]");
  EXPECT_THAT(Page(0), Not(HasSubstr("pihole=\"b\"")));
  facts_.Keep({"a", "b"}, {});
  Read("b", 5, Has({2}));
  EXPECT_THAT(Page(5), HasSubstr(std::string(kSince) + "1800000300\n"));
}

// One that is left out for a while and comes back has not differed all the time.
TEST_F(DriftFactsTest, ForgetsWhatIsNoLongerCompared) {
  Read("a", 0, Has({1}));
  Read("b", 0, Has({2}));
  DriftOptions groups;
  groups.components = {"groups"};
  facts_.Keep({"a", "b"}, groups);
  EXPECT_EQ(facts_.Facts(), "[]");
  Read("b", 1, Has({2}));  // read before that was configured
  EXPECT_EQ(facts_.Facts(), "[]");
  facts_.Keep({"a", "b"}, {});
  Read("b", 5, Has({2}));
  EXPECT_THAT(Page(5), HasSubstr(std::string(kSince) + "1800000300\n"));
}

TEST_F(DriftFactsTest, AnotherReference) {
  Read("a", 0, Has({1}));
  Read("b", 0, Has({2}));
  facts_.Step("a", ReadAt(1, Has({1})), "b", At(1));
  EXPECT_THAT(Page(1, "b"),
              HasSubstr("drift_items{pihole=\"a\",component=\"lists\",reference=\"b\"} 2"));
  EXPECT_THAT(Page(1, "b"), Not(HasSubstr("drift_items{pihole=\"b\"")));
  EXPECT_THAT(Page(1, "nobody"), Not(HasSubstr("drift_")));
}

}  // namespace

// Client sessions from recorded rows: by state, by application, and their oldest transaction.
#include "exporters/postgres-ha/details_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgres-ha/recorded_answers.h"

namespace {

using testing::HasSubstr;
using testing::Not;

std::string PageOf(const Rows& rows) {
  Samples samples;
  ShowSessions(rows, samples);
  return RenderPage({&samples}, Format::kText);
}

std::string State(const std::string& state, int count) {
  return "postgres_ha_connections{state=\"" + state + "\"} " + std::to_string(count) + "\n";
}
std::string Application(const std::string& name, int count) {
  return "postgres_ha_application_connections{application=\"" + name + "\"} " +
         std::to_string(count) + "\n";
}
std::size_t Applications(const std::string& page) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = page.find("connections{application=", at)) != page.npos; ++at)
    ++count;
  return count;
}

TEST(Sessions, AreCountedByStateAndByApplication) {
  std::string page = PageOf(Recorded("active|shop|2|NULL\nidle|shop|7|NULL\nidle||3|NULL\n"
                                     "idle in transaction (aborted)|psql|1|NULL\n"
                                     "fastpath function call|psql|1|NULL\n"
                                     "idle|NULL|30|NULL\nactive|NULL|12|NULL"));
  for (auto& line : {State("active", 14), State("idle", 40), State("idle in transaction", 0),
                     State("idle in transaction (aborted)", 1), State("other", 1),
                     Application("shop", 9), Application("unnamed", 3), Application("psql", 2),
                     Application("other", 42)})
    EXPECT_THAT(page, HasSubstr(line));
  EXPECT_EQ(Applications(page), 4u);
}

TEST(Sessions, NobodyElseIsNoSeries) {
  std::string page = PageOf(Recorded("active|sentinel_exporter|1|NULL"));
  EXPECT_THAT(page, HasSubstr(Application("sentinel_exporter", 1)));
  EXPECT_EQ(Applications(page), 1u);
}

// However they are spelled: what would be one series twice is one series.
TEST(Sessions, NamesAreHostile) {
  Rows rows;
  auto add = [&](const std::string& name, const std::string& count) {
    rows.rows.push_back({"idle", name, count, std::nullopt});
  };
  add("\xff", "1"), add("\xfe", "2");
  add(std::string(500, 'x') + "1", "3"), add(std::string(500, 'x') + "2", "4");
  add("unnamed", "5"), add("", "6");
  add("other", "7");
  rows.rows.push_back({"idle", std::nullopt, "8", std::nullopt});
  add("a\"b\\c\nd", "9");
  std::string page = PageOf(rows);
  EXPECT_THAT(page, HasSubstr(Application("\xEF\xBF\xBD", 3)));
  EXPECT_THAT(page, HasSubstr(Application(std::string(128, 'x'), 7)));
  EXPECT_THAT(page, HasSubstr(Application("unnamed", 11)));
  EXPECT_THAT(page, HasSubstr(Application("other", 15)));
  EXPECT_THAT(page, HasSubstr(Application("a\\\"b\\\\c\\nd", 9)));
  EXPECT_EQ(Applications(page), 5u);
}

TEST(Sessions, AServerThatSendsMoreNamesThanAskedForHasTenOfThem) {
  Rows rows;
  for (int i = 0; i < 1000; ++i)
    for (auto* state : {"idle", "active"})
      rows.rows.push_back({state, "name" + std::to_string(i), "1", std::nullopt});
  std::string page = PageOf(rows);
  EXPECT_EQ(Applications(page), 11u);
  EXPECT_THAT(page, HasSubstr(Application("name9", 2)));
  EXPECT_THAT(page, HasSubstr(Application("other", 1980)));
  EXPECT_THAT(page, HasSubstr(State("idle", 1000)));
}

TEST(Sessions, TheOldestTransactionIsOfAnyStateAndApplication) {
  const std::string name = "postgres_ha_oldest_transaction_start_timestamp_seconds";
  std::string page = PageOf(Recorded("active|a|1|1700000300.5\nidle in transaction|b|2|1700000100.25\n"
                                     "active|NULL|3|1700000200\nidle|a|4|NULL"));
  EXPECT_THAT(page, HasSubstr(name + " 1700000100.25\n"));
  EXPECT_THAT(PageOf(Recorded("active|a|1|NULL\nidle|b|1|NULL")), Not(HasSubstr(name)));
  EXPECT_THAT(PageOf(Recorded("active|a|1|soon")), Not(HasSubstr(name)));
  EXPECT_THAT(PageOf(Rows()), Not(HasSubstr(name)));
}

}  // namespace

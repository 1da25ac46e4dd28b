#include "exporters/postgres-ha/answer.h"

#include <gtest/gtest.h>

namespace {

struct Case {
  const char* message;
  const char* state;
  Answer answer;
};

class AnswerTest : public testing::TestWithParam<Case> {};

TEST_P(AnswerTest, ClassifiesWhateverLanguageTheServerSpeaks) {
  EXPECT_EQ(SqlState(GetParam().message), GetParam().state);
  EXPECT_EQ(ConnectFailure(GetParam().message), GetParam().answer);
}

#define SERVER "connection to server at \"10.0.0.1\", port 5432 failed: "

INSTANTIATE_TEST_SUITE_P(
    Messages, AnswerTest,
    testing::Values(
        Case{SERVER "FATAL:  28P01: password authentication failed for user \"x\"", "28P01",
             Answer::kDenied},
        Case{SERVER "FATAL:  28000: no pg_hba.conf entry for host \"10.0.0.9\", user \"x\"", "28000",
             Answer::kDenied},
        Case{SERVER "FATAL:  3D000: database \"nope\" does not exist", "3D000", Answer::kDenied},
        Case{SERVER "SCHWERWIEGEND:  57P03: das Datenbanksystem startet", "57P03",
             Answer::kStarting},
        Case{SERVER "FATAL:  53300: too many connections for role \"x\"", "53300", Answer::kFull},
        Case{SERVER "FATAL:  XX000: what is this", "XX000", Answer::kBroken},
        Case{SERVER "Connection refused\n\tIs the server running on that host?", "",
             Answer::kRefused},
        Case{SERVER "No route to host", "", Answer::kUnreachable},
        Case{SERVER "fe_sendauth: no password supplied", "", Answer::kDenied},
        Case{"could not create socket: Too many open files", "", Answer::kOurs},
        Case{SERVER "server closed the connection unexpectedly", "", Answer::kUnreachable},
        Case{"", "", Answer::kUnreachable}));

TEST(OneLine, DropsTheLocationAndLineBreaks) {
  EXPECT_EQ(OneLine("a: 28P01: b\n\tc\nLOCATION:  auth_failed, auth.c:321\n"), "a: 28P01: b c");
}

TEST(Fields, NumbersAreWholeOrNothing) {
  EXPECT_EQ(ToNumber("1.5"), 1.5);
  EXPECT_FALSE(ToNumber("1.5x"));
  EXPECT_FALSE(ToNumber(""));
  EXPECT_FALSE(ToNumber(std::nullopt));
  EXPECT_EQ(ToInteger("9223372036854775807"), 9223372036854775807LL);
  EXPECT_FALSE(ToInteger("9223372036854775808"));
  EXPECT_FALSE(ToInteger("1.0"));
}

}  // namespace

#include "tests/common/testing/sanitizer.h"
#include "tests/pihole-lab/program.h"

// What seats are left when the program ends, or a Pi-hole is taken out of its configuration.

using namespace std::chrono_literals;

namespace {

constexpr char kPaces[] =
    "intervals: {dns: 1s, chaos: 1s, fast: 1s, slow: 1s, rare: 1s, drift: 1s}\n";

std::string Of(const std::string& entries) { return "piholes:\n" + entries + kPaces; }

long long Seats(const FakePihole& fake) { return fake.Count({"seats"}); }

void AwaitUp(const PiholeProgram& program, const std::string& pihole) {
  program.Await(15 * kSlower, pihole + " is up", [&](const Page& p) {
    return p.Is("pihole_api_up", {{"pihole", pihole}}, 1);
  });
}

// The login itself is counted when it is over; this comes right before it.
bool LogsIn(const FakePihole& fake) {
  return Eventually(15, [&] { return fake.Count({"requests", "GET /api/auth"}) > 0; });
}

TEST(PiholeLeaveLab, TerminatedInTheMiddleOfALoginItLeavesNoSeat) {
  FakePihole fake(R"({"password": "secret", "login_seconds": 3})");
  PiholeProgram program(Of(EntryOf("pi", fake)));
  ASSERT_TRUE(LogsIn(fake)) << program.Log();
  EXPECT_EQ(fake.Count({"logins", "right"}), 0);
  program.Terminate();
  EXPECT_EQ(fake.Count({"logins", "right"}), 1);
  EXPECT_EQ(Seats(fake), 0);
}

TEST(PiholeLeaveLab, TerminatedInTheMiddleOfASlowPollItLeavesNoSeat) {
  FakePihole fake(R"({"password": "secret", "slow_seconds": 0.05})");
  PiholeProgram program(Of(EntryOf("pi", fake)));
  AwaitUp(program, "pi");
  EXPECT_EQ(Seats(fake), 1);
  fake.Tell(R"({"api": "slow"})");
  fake.ResetCounts();
  ASSERT_TRUE(Eventually(15, [&] { return fake.Count({"requests_total"}) > 1; }));
  program.Terminate();
  EXPECT_EQ(Seats(fake), 0);
}

// See api_session.h: it is there until the next login.
TEST(PiholeLeaveLab, KilledInTheMiddleOfALoginItLeavesASeatUntilTheNextOne) {
  FakePihole fake(R"({"password": "secret", "login_seconds": 1})");
  PiholeProgram program(Of(EntryOf("pi", fake)));
  ASSERT_TRUE(LogsIn(fake)) << program.Log();
  // By its name the next process knows that the seat is ours.
  ASSERT_TRUE(Eventually(10, [&] {
    return program.StateFiles().find("\"installation\"") != std::string::npos;
  }));
  program.Kill();
  ASSERT_TRUE(Eventually(10, [&] { return fake.Count({"logins", "right"}) == 1; }));
  EXPECT_EQ(Seats(fake), 1);
  program.Start();
  AwaitUp(program, "pi");
  EXPECT_EQ(Seats(fake), 1);
  EXPECT_LE(fake.Count({"seats_most"}), 2);
  program.Terminate();
  EXPECT_EQ(Seats(fake), 0);
}

TEST(PiholeLeaveLab, AReloadGivesBackTheSeatOfAPiholeThatIsGoneAndKeepsOneOfTheRest) {
  FakePihole kept(R"({"password": "secret"})"), gone(R"({"password": "secret"})");
  PiholeProgram program(Of(EntryOf("kept", kept) + EntryOf("gone", gone)));
  AwaitUp(program, "kept");
  AwaitUp(program, "gone");
  EXPECT_EQ(Seats(gone), 1);
  program.Reload(Of(EntryOf("kept", kept)));
  EXPECT_TRUE(Eventually(10, [&] { return Seats(gone) == 0; })) << program.Log();
  EXPECT_EQ(Seats(kept), 1);
  EXPECT_EQ(kept.Count({"logins", "right"}), 1);
  // Other options of its API: another eye, that takes the place of the first.
  kept.ResetCounts();
  for (std::string fast : {"2s", "3s", "1s"}) {
    program.Reload("piholes:\n" + EntryOf("kept", kept) + "intervals: {dns: 1s, fast: " + fast +
                   "}\n");
    const auto polls = kept.Count({"requests", "GET /api/history"});
    EXPECT_TRUE(Eventually(10, [&] {
      return kept.Count({"requests", "GET /api/history"}) > polls + 1;
    })) << program.Log();
    EXPECT_EQ(Seats(kept), 1);
  }
  EXPECT_EQ(kept.Count({"seats_most"}), 1);
  program.Terminate();
  EXPECT_EQ(Seats(kept), 0);
}

}  // namespace

#include "common/outage.h"

#include <gtest/gtest.h>

#include "tests/common/testing/seconds.h"

namespace {

using State = OutageWatch::State;

// Steps through the attempts; the last closed outage.
std::optional<Outage> Closed(OutageWatch& watch, const std::vector<Attempt>& attempts) {
  std::optional<Outage> closed;
  for (auto& attempt : attempts) {
    auto event = watch.Step(attempt);
    if (event.closed) closed = event.closed;
  }
  return closed;
}

TEST(Outage, HasTheBoundsOfItsEdges) {
  struct Case {
    const char* what;
    std::vector<Attempt> attempts;
    double start, end, low, mid, high;
  };
  for (const Case& c : std::vector<Case>{
           {"plain", {Ok(0, 1), Fail(2, 3), Fail(4, 5), Ok(6, 7)}, 1.5, 5.5, 1, 4, 7},
           {"one failure", {Ok(0, 1), Fail(2, 3), Ok(4, 5)}, 1.5, 3.5, 0, 2, 5},
           {"instant looks", {Ok(0, 0), Fail(1, 1), Fail(9, 9), Ok(10, 10)}, 0.5, 9.5, 8, 9, 10},
           {"a hung look", {Ok(0, 1), Fail(2, 12), Fail(12, 22), Ok(22, 23)}, 6, 17.5, 0, 11.5, 23},
           {"a gap before", {Ok(0, 1), Fail(100, 101), Fail(102, 103), Ok(104, 105)},
            50.5, 103.5, 1, 53, 105},
           {"a gap after", {Ok(0, 1), Fail(2, 3), Fail(4, 5), Ok(100, 101)}, 1.5, 52.5, 1, 51, 101},
           {"voids count for nothing",
            {Ok(0, 1), Void(1, 2), Fail(2, 3), Void(3, 4), Fail(4, 5), Void(5, 6), Ok(6, 7)},
            1.5, 5.5, 1, 4, 7},
           {"a late answer to an early question is no news",
            {Ok(0.5, 1), Ok(0, 1.5), Fail(2, 3), Fail(4, 5), Ok(6, 7)}, 1.75, 5.5, 1, 3.75, 6.5}}) {
    SCOPED_TRACE(c.what);
    OutageWatch watch(1, 1);
    auto outage = Closed(watch, c.attempts);
    ASSERT_TRUE(outage);
    EXPECT_DOUBLE_EQ(Since0(outage->Start()), c.start);
    EXPECT_DOUBLE_EQ(Since0(outage->End()), c.end);
    EXPECT_DOUBLE_EQ(outage->LowSeconds(), c.low);
    EXPECT_DOUBLE_EQ(outage->MidSeconds().value(), c.mid);
    EXPECT_DOUBLE_EQ(outage->HighSeconds().value(), c.high);
    EXPECT_EQ(watch.state(), State::kUp);
    EXPECT_FALSE(watch.open());
  }
}

TEST(OutageWatch, DebouncesTheStateButNotTheEdges) {
  OutageWatch watch(3, 2);
  EXPECT_EQ(watch.state(), State::kUnknown);
  watch.Step(Ok(0, 1));
  EXPECT_EQ(watch.state(), State::kUp);
  EXPECT_FALSE(watch.Step(Fail(2, 3)).opened);
  EXPECT_FALSE(watch.Step(Fail(4, 5)).opened);
  EXPECT_EQ(watch.state(), State::kUp);
  EXPECT_FALSE(watch.open());
  EXPECT_TRUE(watch.Step(Fail(6, 7)).opened);
  EXPECT_EQ(watch.state(), State::kDown);
  EXPECT_FALSE(watch.Step(Ok(8, 9)).closed);  // one is not enough, and the next one fails
  EXPECT_FALSE(watch.Step(Fail(10, 11)).opened);
  EXPECT_FALSE(watch.Step(Ok(12, 13)).closed);
  EXPECT_EQ(watch.state(), State::kDown);
  auto closed = watch.Step(Ok(14, 15)).closed;
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->last_ok, At(0));
  EXPECT_EQ(closed->first_fail, At(3));
  EXPECT_EQ(closed->last_fail, At(10));
  EXPECT_EQ(closed->first_ok, At(13));
  EXPECT_EQ(watch.state(), State::kUp);
}

TEST(OutageWatch, CountsFailuresThatEndBeforeTheyCount) {
  OutageWatch watch(3, 1);
  watch.Step(Ok(0, 1));
  watch.Step(Fail(2, 3));
  watch.Step(Fail(4, 5));
  EXPECT_TRUE(watch.Step(Ok(6, 7)).short_failure);
  EXPECT_FALSE(watch.Step(Ok(8, 9)).short_failure);
  watch.Step(Fail(10, 11));  // the count starts again
  watch.Step(Fail(12, 13));
  EXPECT_EQ(watch.state(), State::kUp);
  EXPECT_TRUE(watch.Step(Fail(14, 15)).opened);
  EXPECT_EQ(watch.open()->first_fail, At(11));
  EXPECT_EQ(watch.open()->last_ok, At(8));
}

TEST(OutageWatch, KnowsNoBoundWhereNobodyLookedBefore) {
  OutageWatch watch(2, 1);
  watch.Step(Fail(0, 1));
  EXPECT_EQ(watch.state(), State::kUnknown);
  EXPECT_TRUE(watch.Step(Fail(2, 3)).opened);
  EXPECT_FALSE(watch.open()->last_ok);
  EXPECT_EQ(watch.open()->Start(), At(1));
  auto closed = watch.Step(Ok(9, 10)).closed;
  ASSERT_TRUE(closed);
  EXPECT_DOUBLE_EQ(closed->LowSeconds(), 1);
  EXPECT_FALSE(closed->MidSeconds());
  EXPECT_FALSE(closed->HighSeconds());
}

TEST(OutageWatch, AFailureBeforeAnythingWorkedIsNoShortFailure) {
  OutageWatch watch(2, 1);
  watch.Step(Fail(0, 1));
  EXPECT_FALSE(watch.Step(Ok(2, 3)).short_failure);
  EXPECT_EQ(watch.state(), State::kUp);
}

TEST(OutageWatch, ALikelySignMovesTheEstimateNeverTheBounds) {
  auto likely = [](double t) { return Attempt{Result::kLikely, At(t), At(t + 0.1)}; };
  OutageWatch watch(1, 1);
  // A sign before the last proof, during the outage or during a failure tells nothing.
  auto outage = Closed(watch, {likely(0.2), Ok(1, 1), likely(5), likely(8), Fail(10, 10), likely(11),
                               Fail(12, 12), Ok(14, 14)});
  ASSERT_TRUE(outage);
  EXPECT_DOUBLE_EQ(Since0(outage->Start()), 9);
  EXPECT_DOUBLE_EQ(outage->LowSeconds(), 2);
  EXPECT_DOUBLE_EQ(outage->HighSeconds().value(), 13);
  EXPECT_DOUBLE_EQ(outage->MidSeconds().value(), 4);
  auto later = Closed(watch, {Ok(20, 20), Fail(24, 24), Ok(26, 26)});
  EXPECT_DOUBLE_EQ(Since0(later->Start()), 22);
  EXPECT_EQ(OutageWatch(1, 1).Step(likely(1)).closed, std::nullopt);
}

// Other witnesses tell late when it worked last for them, and when first it did not.
TEST(OutageWatch, LateSignsMoveTheEstimateOfTheStart) {
  auto sign = [](Result r, double t) { return Attempt{r, At(t), At(t)}; };
  OutageWatch watch(1, 1);
  auto outage = Closed(watch, {Ok(1, 1), Fail(9, 10), sign(Result::kLikely, 4),
                               sign(Result::kLikely, 3), sign(Result::kUnlikely, 8),
                               sign(Result::kUnlikely, 6), sign(Result::kUnlikely, 9),
                               sign(Result::kLikely, 10), sign(Result::kUnlikely, 0.5), Ok(14, 14)});
  ASSERT_TRUE(outage);
  EXPECT_DOUBLE_EQ(Since0(outage->Start()), 5);  // a sign before the last proof is none
  EXPECT_DOUBLE_EQ(outage->HighSeconds().value(), 13);
  outage = Closed(watch, {Ok(21, 21), Fail(29, 30), sign(Result::kLikely, 24),
                          sign(Result::kUnlikely, 26), Ok(34, 34)});
  EXPECT_DOUBLE_EQ(Since0(outage->Start()), 25);
}

TEST(OutageWatch, ALikelyEndIsTheEstimateWithinTheBounds) {
  for (auto [likely, end] : {std::pair(13.8, 13.8), {11.0, 13.0}, {15.0, 13.0}}) {
    OutageWatch watch(1, 1);
    Attempt ok = Ok(13, 14);
    ok.likely = At(likely);
    auto outage = Closed(watch, {Ok(1, 1), Fail(10, 10), Fail(12, 12), ok});
    ASSERT_TRUE(outage);
    EXPECT_DOUBLE_EQ(Since0(outage->End()), end);
    EXPECT_DOUBLE_EQ(outage->LowSeconds(), 2);
  }
}

TEST(OutageWatch, WhereSuccessMayBeLuckTheEndIsSureOnlyAfterSeveral) {
  for (bool mixed : {false, true}) {
    OutageWatch watch(1, 4, 3);
    std::vector<Attempt> attempts = {Ok(0, 0), Fail(1, 1), Fail(2, 2)};
    if (mixed) attempts.insert(attempts.end() - 1, Ok(1.5, 1.5));
    for (double t : {3.0, 4.0, 5.0, 6.0}) attempts.push_back(Ok(t, t));
    auto outage = Closed(watch, attempts);
    ASSERT_TRUE(outage);
    EXPECT_DOUBLE_EQ(outage->LowSeconds(), 1);
    EXPECT_DOUBLE_EQ(Since0(outage->End()), 2.5);
    EXPECT_DOUBLE_EQ(outage->HighSeconds().value(), mixed ? 5 : 3);
  }
}

TEST(OutageWatch, VoidsChangeNothing) {
  OutageWatch watch(1, 1);
  watch.Step(Void(0, 1));
  EXPECT_EQ(watch.state(), State::kUnknown);
  watch.Step(Fail(1, 2));
  watch.Step(Void(3, 4));
  EXPECT_EQ(watch.state(), State::kDown);
  EXPECT_EQ(watch.open()->last_fail, At(1));
}

TEST(OutageWatch, ResumesAnOutage) {
  OutageWatch watch(3, 1);
  watch.Resume({At(-10), At(-8), At(-5), std::nullopt});
  EXPECT_EQ(watch.state(), State::kDown);
  EXPECT_FALSE(watch.Step(Fail(1, 2)).opened);  // it was counted by the process before
  auto closed = watch.Step(Ok(3, 4)).closed;
  ASSERT_TRUE(closed);
  EXPECT_DOUBLE_EQ(closed->HighSeconds().value(), 14);
  EXPECT_DOUBLE_EQ(closed->LowSeconds(), 9);
}

TEST(OutageWatch, ADifferentDebounceHoldsFromNowOn) {
  OutageWatch watch(5, 1);
  watch.Step(Ok(0, 1));
  watch.Step(Fail(2, 3));
  watch.Debounce(2, 1);
  EXPECT_TRUE(watch.Step(Fail(4, 5)).opened);
}

TEST(Sweep, OneOkProvesTheOperation) {
  Sweep sweep;
  auto attempt = sweep.Add("stranger", Ok(0, 1));
  ASSERT_TRUE(attempt);
  EXPECT_EQ(attempt->result, Result::kOk);
  EXPECT_EQ(attempt->begin, At(0));
  EXPECT_EQ(attempt->end, At(1));
}

// The candidates go on failing while another one has long taken over.
TEST(Sweep, AnOkTellsWhenTheSameEyeFailedLast) {
  Sweep sweep;
  sweep.SetCandidates({"a"});
  OutageWatch watch(1, 1);
  auto add = [&](const std::string& eye, const Attempt& look) {
    auto attempt = sweep.Add(eye, look);
    return attempt ? watch.Step(*attempt) : OutageWatch::Event();
  };
  add("a", Ok(0, 1));
  EXPECT_EQ(sweep.Add("a", Ok(0, 1))->failed_begin, Instant::min());
  add("b", Fail(2, 3)), add("a", Fail(3, 4)), add("a", Fail(7, 8));
  auto closed = add("b", Ok(9, 10)).closed;
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->last_fail, At(2));
  EXPECT_EQ(closed->LowSeconds(), 0);
  EXPECT_EQ(closed->HighSeconds(), 10);
  // Of one that was never seen to fail nothing is known but that the outage had begun.
  add("a", Fail(11, 12)), add("a", Fail(13, 14));
  closed = add("c", Ok(15, 16)).closed;
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->last_fail, At(9));
}

TEST(Sweep, AFailTakesALookAtEveryCandidate) {
  Sweep sweep;
  sweep.SetCandidates({"a", "b"});
  EXPECT_FALSE(sweep.Add("a", Fail(0, 1)));
  EXPECT_FALSE(sweep.Add("a", Fail(2, 3)));
  EXPECT_FALSE(sweep.Add("stranger", Fail(2, 3)));
  auto attempt = sweep.Add("b", Fail(4, 5));
  ASSERT_TRUE(attempt);
  EXPECT_EQ(attempt->result, Result::kFail);
  EXPECT_EQ(attempt->begin, At(2));  // of the last look at a
  EXPECT_EQ(attempt->end, At(5));
  EXPECT_FALSE(sweep.Add("b", Fail(6, 7)));  // a new sweep
  EXPECT_TRUE(sweep.Add("a", Fail(6, 8)));
}

TEST(Sweep, LooksThatBeganBeforeItDoNotCount) {
  Sweep sweep;
  sweep.SetCandidates({"a", "b"});
  sweep.Add("a", Ok(1, 2));
  EXPECT_FALSE(sweep.Add("b", Fail(0, 3)));
  EXPECT_FALSE(sweep.Add("a", Fail(4, 5)));
  EXPECT_TRUE(sweep.Add("b", Fail(4, 6)));
}

TEST(Sweep, AnOkStartsItAfresh) {
  Sweep sweep;
  sweep.SetCandidates({"a", "b"});
  EXPECT_FALSE(sweep.Add("a", Fail(0, 1)));
  EXPECT_TRUE(sweep.Add("b", Ok(2, 3)));
  EXPECT_FALSE(sweep.Add("b", Fail(4, 5)));
  EXPECT_TRUE(sweep.Add("a", Fail(4, 6)));
}

TEST(Sweep, VoidsAndNobodyProveNothing) {
  Sweep sweep;
  EXPECT_FALSE(sweep.Add("a", Fail(0, 1)));
  sweep.SetCandidates({"a"});
  EXPECT_FALSE(sweep.Add("a", Void(1, 2)));
  EXPECT_TRUE(sweep.Add("a", Fail(2, 3)));
}

TEST(Sweep, ACandidateThatIsGoneIsNotWaitedFor) {
  Sweep sweep;
  sweep.SetCandidates({"a", "b"});
  EXPECT_FALSE(sweep.Add("a", Fail(0, 1)));
  sweep.SetCandidates({"a"});
  EXPECT_TRUE(sweep.Add("a", Fail(2, 3)));
}

}  // namespace

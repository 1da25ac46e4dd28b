#include "common/words.h"

#include <gtest/gtest.h>

namespace {

TEST(Words, TellTimes) {
  EXPECT_EQ(InWords(0.254), "0.25 s");
  EXPECT_EQ(InWords(27.21), "27.2 s");
  EXPECT_EQ(InWords(119.9), "119.9 s");
  EXPECT_EQ(InWords(252.9), "4 min 12 s");
  EXPECT_EQ(InWords(3 * 3600 + 5 * 60 + 59), "3 h 5 min");
  EXPECT_EQ(InWords(2 * 86400 + 4 * 3600), "2 d 4 h");
  EXPECT_EQ(InWords(300), "5 min");
}

TEST(Words, TellBounds) {
  EXPECT_EQ(InWords(1, 4, 7), "4.00 s (1.00 s to 7.00 s)");
  EXPECT_EQ(InWords(47, std::nullopt, std::nullopt), "at least 47.0 s");
  EXPECT_EQ(InWords(47, 50, std::nullopt), "at least 47.0 s");
}

TEST(Words, TellSizes) {
  EXPECT_EQ(BytesInWords(0), "0 B");
  EXPECT_EQ(BytesInWords(999), "999 B");
  EXPECT_EQ(BytesInWords(12368), "12.4 kB");
  EXPECT_EQ(BytesInWords(3e6), "3.0 MB");
  EXPECT_EQ(BytesInWords(5e15), "5000.0 TB");
}

TEST(Words, TellWhatWasLost) {
  EXPECT_EQ(InWords(Loss{}), "what was lost is not known");
  EXPECT_EQ(InWords(Loss{0, 0, 0, 0}), "nothing was lost");
  EXPECT_EQ(InWords(Loss{0, 0, 0, {}}), "nothing was lost");
  EXPECT_EQ(InWords(Loss{2.291, 1.755, 2.416, 12554}),
            "2.29 s of work were lost (1.75 s to 2.42 s), 12.6 kB");
  // Bytes without time: the log held no commit that is known to be missing.
  EXPECT_EQ(InWords(Loss{0, 0, 0, 56}), "at most 0.00 s of work were lost, 56 B");
  EXPECT_EQ(InWords(Loss{0, 0, 0.23, 0}), "at most 0.23 s of work were lost");
  EXPECT_EQ(InWords(Loss{3, 1.76, {}, {}}), "at least 1.76 s of work were lost");
  EXPECT_EQ(InWords(Loss{{}, 1.76, {}, {}}), "at least 1.76 s of work were lost");
}

}  // namespace

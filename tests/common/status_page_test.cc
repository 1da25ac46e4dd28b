#include "common/status_page.h"

#include <gtest/gtest.h>

namespace {

const Now kNow{Instant(), 1767323045};  // 2026-01-02T03:04:05Z

std::string Page(std::vector<TargetState> targets, std::vector<Story> stories,
                 std::vector<Headline> services = {}) {
  return StatusPage("x-exporter", "1.0", "/metrics",
                    {std::move(services), std::move(targets), std::move(stories)}, kNow);
}

bool Has(const std::string& page, const std::string& text) { return page.find(text) != page.npos; }

TEST(StatusPage, HasARowForEveryTarget) {
  std::string page = Page({{"postgres", "pg1", true, true, false, "", 1767323040},
                           {"postgres", "pg2", true, false, false, "password refused", 1767320000},
                           {"patroni", "pg2", true, false, true, "connect: refused", 0},
                           {"patroni", "pg3", false, true, false, "", 0}}, {});
  EXPECT_TRUE(Has(page, "<h1>x-exporter</h1>"));
  EXPECT_TRUE(Has(page, "1.0, 2026-01-02 03:04:05 UTC"));
  EXPECT_TRUE(Has(page, "<tr><td>postgres</td><td>pg1</td><td class=ok>ok</td><td></td>"
                        "<td>2026-01-02 03:04:00 UTC</td></tr>"));
  EXPECT_TRUE(Has(page, "<td>pg2</td><td class=bad>failing</td><td>password refused</td>"));
  EXPECT_TRUE(Has(page, "<td class=bad>doubted</td><td>connect: refused</td><td>never</td>"));
  EXPECT_TRUE(Has(page, "<td>pg3</td><td class=new>not looked at yet</td>"));
  EXPECT_TRUE(Has(page, "Nothing seen."));
  EXPECT_LT(page.find("connect: refused"), page.find("<td>pg1</td>"));  // what fails comes first
}

TEST(StatusPage, SaysHowEveryServiceIs) {
  std::string page = Page({}, {}, {{"postgres", "a", true, "pg1", 0, false},
                                   {"postgres", "b", false, "", kNow.unix_seconds - 65, false},
                                   {"postgres", "c", {}, "", 0, false},
                                   {"postgres", "d", true, "<pg2>", 0, true}});
  EXPECT_TRUE(Has(page, "<td>a</td><td class=ok>up</td><td>pg1</td>"));
  EXPECT_TRUE(Has(page, "<td>b</td><td class=bad>DOWN, for 65.0 s</td><td></td>"));
  EXPECT_TRUE(Has(page, "<td>c</td><td class=new>unknown</td><td></td>"));
  EXPECT_TRUE(Has(page, "<td>d</td><td class=bad>up, SPLIT BRAIN</td><td>&lt;pg2&gt;</td>"));
  EXPECT_FALSE(Has(Page({}, {}), "Services"));
}

TEST(StatusPage, EscapesWhatComesFromOutside) {
  std::string page = Page({{"<k>", "a&b\"'", true, false, false, "<script>alert(1)</script>", 0}},
                          {{1, "<img src=x>"}});
  EXPECT_FALSE(Has(page, "<script"));
  EXPECT_FALSE(Has(page, "<img"));
  EXPECT_TRUE(Has(page, "&lt;k&gt;"));
  EXPECT_TRUE(Has(page, "a&amp;b&quot;&#39;"));
}

TEST(StatusPage, NeedsNothingFromElsewhere) {
  std::string page = Page({}, {});
  for (auto word : {"src=", "http:", "https:", "<script", "<link", "@import", "url("})
    EXPECT_FALSE(Has(page, word)) << word;
  EXPECT_TRUE(Has(page, "prefers-color-scheme:dark"));
  EXPECT_TRUE(Has(page, "name=viewport"));
}

TEST(StatusPage, ShowsTheLastTwentyStories) {
  std::vector<Story> stories;
  for (int i = 0; i < 30; ++i)
    stories.push_back({1767323045.0 - i, "story " + std::to_string(i) + "."});
  std::string page = Page({}, stories);
  EXPECT_TRUE(Has(page, "<tr><td>2026-01-02 03:04:05 UTC</td><td>story 0.</td></tr>"));
  EXPECT_TRUE(Has(page, "story 19."));
  EXPECT_FALSE(Has(page, "story 20."));
}

}  // namespace

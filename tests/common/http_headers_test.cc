#include <gtest/gtest.h>

#include "common/http_server.h"

using namespace std::chrono_literals;

namespace {

TEST(ScrapeTimeout, LeavesAMargin) {
  EXPECT_EQ(ScrapeTimeout("10", 7s), 9500ms);
  EXPECT_EQ(ScrapeTimeout("1", 7s), 900ms);
  EXPECT_EQ(ScrapeTimeout("0.25", 7s), 225ms);
  EXPECT_EQ(ScrapeTimeout(" 5 ", 7s), 4500ms);
  EXPECT_EQ(ScrapeTimeout("1e1", 7s), 9500ms);
  EXPECT_EQ(ScrapeTimeout("3600", 7s), 3599500ms);
}

TEST(ScrapeTimeout, ElseTheDefault) {
  for (std::string header : {"", "0", "1e-9", "-1", "nan", "inf", "1e9", "3601", "1e999", "10s", "10 20",
                             "0x10", "+5", ","}) {
    EXPECT_EQ(ScrapeTimeout(header, 7s), 7s) << header;
  }
}

TEST(WantsOpenMetrics, FollowsTheQualities) {
  for (std::string accept : {
           // what Prometheus 2 sends
           "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
           "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
           // what Prometheus 3 sends
           "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
           "application/openmetrics-text;version=0.0.1;q=0.5,"
           "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
           "*/*;q=0.2",
           "application/openmetrics-text", "Application/OpenMetrics-Text; Version=\"1.0.0\"",
           "application/openmetrics-text; version=1.0.0 ; q=0.3 , text/plain;q=0.2",
           "application/openmetrics-text,text/plain", "text/plain;q=0,application/openmetrics-text",
           "text/html, application/openmetrics-text;q=0.1"}) {
    EXPECT_TRUE(WantsOpenMetrics(accept)) << accept;
  }
}

TEST(WantsOpenMetrics, TextOtherwise) {
  for (std::string accept :
       {"", "*/*", "text/plain", "text/plain,application/openmetrics-text",
        "application/openmetrics-text;q=0.3,text/plain;q=0.5", "application/openmetrics-text;q=0",
        "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;q=0.1,*/*;q=0.5", "application/openmetrics-text;q=x",
        "application/openmetrics-text;q=7", "application/openmetrics-text;q=nan",
        "application/openmetrics-textual", ";;;,,,", "q=1",
        "text/html,application/xhtml+xml,*/*;q=0.8"}) {
    EXPECT_FALSE(WantsOpenMetrics(accept)) << accept;
  }
}

TEST(AcceptsGzip, FollowsTheQualities) {
  for (std::string header :
       {"gzip", "GZIP", "deflate, gzip;q=0.1", "x-gzip", "*", "br;q=1.0,*;q=0.1"}) {
    EXPECT_TRUE(AcceptsGzip(header)) << header;
  }
  for (std::string header : {"", "identity", "gzip;q=0", "gzip;q=0.0, *", "deflate", "*;q=0",
                             "gzip;q=x", "gzipped"}) {
    EXPECT_FALSE(AcceptsGzip(header)) << header;
  }
}

}  // namespace

#include "exporters/redis-sentinel/resp.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace {

std::string Recorded(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/redis-sentinel/fixtures/" + name, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// All replies in `bytes`, fed `step` at a time; the error that ended it, if any.
struct Outcome {
  std::vector<Reply> replies;
  absl::Status end;
};
Outcome ReadAll(std::string_view bytes, std::size_t step, std::size_t max_bytes = 1 << 20) {
  RespReader reader(max_bytes);
  Outcome out;
  for (; out.end.ok() && !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    out.end = reader.Feed(bytes.substr(0, step));
    while (out.end.ok()) {
      auto reply = reader.Next();
      out.end = reply.status();
      if (!reply.ok() || !*reply) break;
      out.replies.push_back(**std::move(reply));
    }
  }
  return out;
}

Reply ReadOne(const std::string& bytes) {
  auto out = ReadAll(bytes, bytes.size());
  EXPECT_TRUE(out.end.ok()) << out.end;
  EXPECT_EQ(out.replies.size(), 1u) << bytes;
  return out.replies.empty() ? Reply() : out.replies[0];
}

void ExpectRefused(const std::string& bytes, const std::string& why) {
  auto end = ReadAll(bytes, bytes.size()).end;
  EXPECT_EQ(end.code(), absl::StatusCode::kDataLoss) << end;
  EXPECT_NE(std::string(end.message()).find(why), std::string::npos) << end;
}

TEST(FormatCommand, WritesWordsWithTheirLength) {
  EXPECT_EQ(FormatCommand({"PING"}), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(FormatCommand({"AUTH", "", std::string("a\0\r\n", 4)}),
            std::string("*3\r\n$4\r\nAUTH\r\n$0\r\n\r\n$4\r\na\0\r\n\r\n", 30));
}

TEST(Resp, ReadsEveryType) {
  EXPECT_EQ(ReadOne("+OK\r\n").type, Reply::kStatus);
  EXPECT_EQ(ReadOne("+OK\r\n").text, "OK");
  EXPECT_EQ(ReadOne("-ERR no\r\n").type, Reply::kError);
  EXPECT_EQ(ReadOne("-ERR no\r\n").text, "ERR no");
  EXPECT_EQ(ReadOne(":-9223372036854775808\r\n").integer, INT64_MIN);
  EXPECT_EQ(ReadOne("$-1\r\n").type, Reply::kNil);
  EXPECT_EQ(ReadOne("*-1\r\n").type, Reply::kNil);
  EXPECT_EQ(ReadOne("*0\r\n").type, Reply::kArray);
  EXPECT_EQ(ReadOne(std::string("$4\r\na\0\r\n\r\n", 10)).text, std::string("a\0\r\n", 4));
  Reply nested = ReadOne("*3\r\n*2\r\n:1\r\n$-1\r\n$1\r\nx\r\n*0\r\n");
  ASSERT_EQ(nested.items.size(), 3u);
  ASSERT_EQ(nested.items[0].items.size(), 2u);
  EXPECT_EQ(nested.items[0].items[0].integer, 1);
  EXPECT_EQ(nested.items[0].items[1].type, Reply::kNil);
  EXPECT_EQ(nested.items[1].text, "x");
  EXPECT_EQ(nested.items[2].type, Reply::kArray);
}

// One server's answers to INFO, SENTINEL MASTERS, REPLICAS, SENTINELS, CKQUORUM and an error.
TEST(Resp, ReadsWhatServersAnsweredHoweverItComes) {
  for (std::string server : {"redis7.0", "redis8.0", "valkey8.1"}) {
    std::string bytes = Recorded(server + ".resp");
    ASSERT_FALSE(bytes.empty()) << server;
    auto whole = ReadAll(bytes, bytes.size());
    EXPECT_TRUE(whole.end.ok()) << whole.end;
    ASSERT_EQ(whole.replies.size(), 6u) << server;
    EXPECT_TRUE(whole.replies[0].text.starts_with("# Server\r\n")) << server;
    ASSERT_EQ(whole.replies[1].items.size(), 1u);
    EXPECT_EQ(whole.replies[1].items[0].items.at(1).text, "mymaster");
    EXPECT_EQ(whole.replies[2].items.size(), 2u);
    EXPECT_EQ(whole.replies[3].items.size(), 2u);
    EXPECT_TRUE(whole.replies[4].text.starts_with("OK 3 usable Sentinels")) << server;
    EXPECT_EQ(whole.replies[5].type, Reply::kError);
    for (std::size_t step : {1, 7, 4096}) {
      auto pieces = ReadAll(bytes, step);
      ASSERT_EQ(pieces.replies.size(), 6u) << server << " by " << step;
      EXPECT_EQ(pieces.replies[0].text, whole.replies[0].text);
      EXPECT_EQ(pieces.replies[2].items[1].items.back().text,
                whole.replies[2].items[1].items.back().text);
    }
  }
}

TEST(Resp, RefusesWhatItDidNotAskFor) {
  ExpectRefused("HTTP/1.1 400 Bad Request\r\n\r\n", "Protocol error");
  ExpectRefused("\x15\x03\x01", "Protocol error");
  for (std::string resp3 : {"%1\r\n+a\r\n+b\r\n", "_\r\n", ",1.5\r\n", "#t\r\n", "~1\r\n:1\r\n",
                            ">1\r\n+a\r\n", "=5\r\ntxt:a\r\n", "(12345\r\n"})
    ExpectRefused(resp3, "");
  ExpectRefused(":12x\r\n", "");
  ExpectRefused("$-2\r\n", "");
}

// Promises cost nothing: the process could not hold what these announce.
TEST(Resp, RefusesWhatIsTooMuch) {
  ExpectRefused("*2147483647\r\n", "more than 65536 items");
  ExpectRefused("*65537\r\n", "more than 65536 items");
  ExpectRefused("*2\r\n*65535\r\n", "more than 65536 items");
  ExpectRefused("*99999999999999999999\r\n", "");
  std::string deep;
  for (int i = 0; i < 7; ++i) deep += "*1\r\n";
  EXPECT_TRUE(ReadAll(deep + ":1\r\n", 100).end.ok());
  ExpectRefused(deep + "*1\r\n:1\r\n", "");
  EXPECT_TRUE(ReadAll("*65536\r\n", 100).end.ok());
  EXPECT_TRUE(ReadAll("$2147483647\r\nx", 100).end.ok());
}

TEST(Resp, CountsTheBytesOfABatch) {
  RespReader reader(20);
  EXPECT_TRUE(reader.Feed("$10\r\n0123456789\r\n").ok());
  EXPECT_TRUE((*reader.Next()).has_value());
  EXPECT_EQ(reader.held(), 0u);
  EXPECT_EQ(reader.Feed("+later\r\n").code(), absl::StatusCode::kDataLoss);
  reader.BeginBatch();
  EXPECT_TRUE(reader.Feed("+later\r\n+x").ok());
  EXPECT_EQ((*reader.Next())->text, "later");
  EXPECT_FALSE((*reader.Next()).has_value());
  EXPECT_EQ(reader.held(), 2u);
  EXPECT_EQ(reader.Feed(std::string(20, 'x')).code(), absl::StatusCode::kDataLoss);
}

TEST(Resp, AnErrorStays) {
  RespReader reader(100);
  EXPECT_TRUE(reader.Feed("?").ok());
  EXPECT_FALSE(reader.Next().ok());
  EXPECT_TRUE(reader.Feed("+OK\r\n").ok());
  EXPECT_FALSE(reader.Next().ok());
}

}  // namespace

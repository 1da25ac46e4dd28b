#pragma once
// Answers of real servers, from tests/redis-sentinel/fixtures:
//   FLAVOR.resp           master's INFO; MASTERS, REPLICAS, SENTINELS, CKQUORUM of one Sentinel
//   FLAVOR.replica.info   FLAVOR.sentinel.info
//   failover.jsonl        moments of a failover after kill -9 of 10.88.0.11, which came back
//   *.jsonl               other moments; {"at": seconds, "from": "ip:port", "command", "raw": RESP}
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/json.h"
#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/resp.h"

inline std::string RecordedFile(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/redis-sentinel/fixtures/" + name, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

// As RedisConnection::Run hands them out.
inline Results RepliesIn(const std::string& bytes) {
  RespReader reader(4 << 20);
  EXPECT_TRUE(reader.Feed(bytes).ok());
  Results results;
  for (auto next = reader.Next(); next.ok() && *next; next = reader.Next()) {
    if ((*next)->type == Reply::kError) results.push_back(ErrorOf((*next)->text));
    else results.push_back(**std::move(next));
  }
  return results;
}

inline absl::StatusOr<Reply> OneReply(const std::string& bytes) {
  auto results = RepliesIn(bytes);
  EXPECT_EQ(results.size(), 1u) << bytes;
  return results.empty() ? absl::NotFoundError(bytes) : results[0];
}

// What `from` ("13:26379", the end of its address) answered to `command` at `at`.
inline absl::StatusOr<Reply> RecordedAt(const std::string& file, double at, const std::string& from,
                                        const std::string& command) {
  std::ifstream lines(SOURCE_DIR "/tests/redis-sentinel/fixtures/" + file);
  for (std::string line; std::getline(lines, line);) {
    auto moment = Json::Parse(line);
    if (!moment.ok() || moment->view()["at"].Number() != at) continue;
    if (!std::string(moment->view()["from"].String().value_or("")).ends_with(from)) continue;
    if (moment->view()["command"].String() != command) continue;
    return OneReply(std::string(*moment->view()["raw"].String()));
  }
  ADD_FAILURE() << "not recorded: " << command << " of " << from << " at " << at;
  return absl::NotFoundError("");
}

#pragma once
// Recorded or invented evidence for the verdict, at times of the test's choosing.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "exporters/redis-sentinel/address.h"
#include "exporters/redis-sentinel/deployment.h"

// The origin of all test times; also a wall-clock time, so that the two are easy to compare.
inline constexpr double kOrigin = 1'700'000'000;
inline Instant At(double seconds) { return Instant(FromSeconds(1'000'000 + seconds)); }
inline Now NowAt(double seconds) { return {At(seconds), kOrigin + seconds}; }
inline double EndOf(const RedisEvidence& e) { return Seconds(e.end - At(0)); }

inline DeploymentOptions OneDeployment() {
  DeploymentOptions o;
  o.name = "sessions";
  o.sentinels = {{"10.88.0.11", 26379, false}};
  o.look_interval = std::chrono::seconds(1);
  o.look_deadline = std::chrono::milliseconds(500);
  o.forget_after = std::chrono::minutes(10);
  o.rto_objective_seconds = 10;
  o.rpo_objective_seconds = 300;
  return o;
}

inline HostPort Address(const std::string& text) { return *ParseHostPort(text); }

inline RedisEvidence NodeEvidence(double begin, double end, const std::string& node, Info info) {
  return {{"redis " + node, At(begin), At(end)}, NodeLook{node, absl::OkStatus(), std::move(info)}};
}
inline RedisEvidence NodeFailed(double begin, double end, const std::string& node,
                                absl::Status status = absl::UnavailableError("10.88.0.11:6379: refused")) {
  return {{"redis " + node, At(begin), At(end)}, NodeLook{node, std::move(status), std::nullopt}};
}
inline Info MasterInfo(long long offset = 1000, const std::string& id = "a",
                       const std::string& run_id = "run") {
  Info info;
  info.role = Role::kMaster;
  info.run_id = run_id;
  info.replication_id = id;
  info.offset_bytes = offset;
  info.aof_write_ok = true;
  return info;
}
inline Info ReplicaInfo(long long offset = 1000, const std::string& id = "a",
                        const std::string& run_id = "run") {
  Info info = MasterInfo(offset, id, run_id);
  info.role = Role::kReplica;
  info.link_up = true;
  return info;
}
inline RedisEvidence EventEvidence(double begin, double end, const std::string& sentinel,
                                   const std::string& channel, const std::string& text,
                                   bool late = false) {
  return {{"events " + sentinel, At(begin), At(end)},
          EventLook{sentinel, ParseSentinelEvent(channel, text), late}};
}

inline const std::vector<std::string> kNodes = {"10.88.0.11:6379", "10.88.0.12:6379",
                                                "10.88.0.13:6379"};

// What a Sentinel says that sends clients to `master`, with all others of kNodes as replicas.
inline MasterView ViewOf(const std::string& sentinel, const std::string& master,
                         long long epoch = 0, const std::string& name = "mymaster") {
  MasterView view;
  view.master.name = name;
  view.master.address = Address(master);
  view.master.run_id = "run";
  view.master.config_epoch = epoch;
  view.master.quorum = 2;
  view.master.other_sentinels = 2;
  view.master.down_after = Milliseconds(1500);
  view.master.failover_timeout = Milliseconds(6000);
  view.address = Address(master);
  for (auto& node : kNodes) {
    HostPort address = Address(node);
    std::string other = ToText({address.host, kSentinelPort});
    if (other != sentinel) {
      view.sentinels.emplace_back();
      view.sentinels.back().address = Address(other);
      view.sentinels.back().run_id = "sentinel " + other;
    }
    if (node == master) continue;
    MonitoredReplica replica;
    replica.name = node;
    replica.address = address;
    replica.run_id = "run";
    replica.priority = 100;
    view.replicas.push_back(std::move(replica));
  }
  return view;
}
inline RedisEvidence SentinelEvidence(double begin, double end, const std::string& sentinel,
                                      std::vector<MasterView> views) {
  Info info;
  info.run_id = "sentinel " + sentinel;
  info.tilt = false;
  return {{"sentinel " + sentinel, At(begin), At(end)},
          SentinelLook{sentinel, absl::OkStatus(), info, std::move(views)}};
}
inline RedisEvidence SentinelFailed(double begin, double end, const std::string& sentinel) {
  return {{"sentinel " + sentinel, At(begin), At(end)},
          SentinelLook{sentinel, absl::DeadlineExceededError("timeout"), std::nullopt, {}}};
}

// A recorded timeline (fixtures/timelines/NAME.txt), in the order of ends.
inline RedisEvidence ParseEvidence(const std::string& line) {
  std::istringstream in(line);
  std::string kind, who, what;
  double begin = 0, end = 0;
  in >> kind >> begin >> end >> who >> what;
  if (kind == "e") {
    std::string text;
    std::getline(in >> std::ws, text);
    return EventEvidence(begin, end, who, what, text);
  }
  if (what == "timeout" && kind == "s") return SentinelFailed(begin, end, who);
  if (what == "timeout") return NodeFailed(begin, end, who, absl::DeadlineExceededError(what));
  if (what == "refused" || what == "lost") return NodeFailed(begin, end, who);
  if (kind == "s") {
    std::string flags;
    long long epoch = 0, last_ok = 0;
    in >> flags >> epoch >> last_ok;
    MasterView view = ViewOf(who, what, epoch);
    view.master.flags.s_down = flags.find("s_down") != flags.npos;
    view.master.flags.o_down = flags.find("o_down") != flags.npos;
    view.master.flags.failover_in_progress = flags.find("in_progress") != flags.npos;
    view.master.flags.force_failover = flags.find("force_failover") != flags.npos;
    view.master.last_ok_ping = Milliseconds(last_ok);
    return SentinelEvidence(begin, end, who, {std::move(view)});
  }
  Info info = MasterInfo();
  if (what == "slave") info.role = Role::kReplica;
  long long offset = 0, second = 0;
  in >> offset >> info.replication_id >> info.second_replication_id >> second;
  info.run_id = who + (what == "master" ? info.replication_id : "");
  info.offset_bytes = offset;
  if (second >= 0) info.second_offset_bytes = second;
  else info.second_replication_id.clear();
  return NodeEvidence(begin, end, who, info);
}

inline std::vector<RedisEvidence> Timeline(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/redis-sentinel/fixtures/timelines/" + name + ".txt");
  EXPECT_TRUE(file.good()) << name;
  std::vector<RedisEvidence> all;
  for (std::string line; std::getline(file, line);)
    if (!line.starts_with("#")) all.push_back(ParseEvidence(line));
  return all;
}

// The page's value of a series, as "name{labels}"; NaN if it is not there.
inline double ValueOf(const Deployment& deployment, double at, const std::string& series) {
  Samples samples;
  deployment.Show(NowAt(at), samples);
  std::istringstream page(RenderPage({&samples}, Format::kText));
  for (std::string line; std::getline(page, line);)
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  return std::nan("");
}

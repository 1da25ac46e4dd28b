#pragma once
// An invented course of events: one master, two of its nodes, three Sentinels, all well for 5 s.
#include <string>

#include "tests/redis-sentinel/replay.h"

inline const std::string k1 = "10.88.0.11:6379", k2 = "10.88.0.12:6379", k3 = "10.88.0.13:6379";
inline const std::string kS1 = "10.88.0.11:26379", kS2 = "10.88.0.12:26379", kS3 = "10.88.0.13:26379";
inline const std::string kRedis = "{service=\"redis\",scope=\"mymaster\"}";
inline const std::string kMaster = "master mymaster 10.88.0.11 6379";
inline const std::string kSwitch = "mymaster 10.88.0.11 6379 10.88.0.12 6379";

class Course {
 public:
  Course() {
    Views(0, k1);
    for (double t = 0.5; t < 5; ++t) Looks(t, MasterInfo(), ReplicaInfo());
  }
  void Step(const RedisEvidence& e) { d_.Step(e, NowAt(end_ = EndOf(e))); }
  void Views(double at, const std::string& master, long long epoch = 0) {
    for (auto& s : {kS1, kS2, kS3})
      Step(SentinelEvidence(at, at + 0.01, s, {ViewOf(s, master, epoch)}));
  }
  void Looks(double at, Info one, Info two) {
    Step(NodeEvidence(at, at + 0.01, k1, std::move(one)));
    Step(NodeEvidence(at, at + 0.01, k2, std::move(two)));
  }
  void Fails(double from, double until, const std::string& node = k1) {
    for (double t = from; t < until; t += 0.2) Step(NodeFailed(t, t + 0.01, node));
  }
  void Event(double at, const std::string& name, const std::string& text, bool late = false) {
    Step(EventEvidence(at - 0.1, at, kS1, name, text, late));
  }
  const Service& service() const { return d_.sets().at("mymaster").service(); }
  std::string LastKind() const {
    return service().failovers().empty() ? "" : service().failovers().back().kind;
  }
  double Value(const std::string& name) const { return ValueOf(d_, end_, name + kRedis); }
  double Incidents(const std::string& kind) const {
    return ValueOf(d_, end_, "redis_sentinel_incidents_total{master_name=\"mymaster\",kind=\"" +
                                 kind + "\"}");
  }
  const Deployment& deployment() const { return d_; }

 private:
  Deployment d_{OneDeployment()};
  double end_ = 0;
};

#pragma once
// Recorded answers of etcd, and the story that they tell.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "exporters/postgres-ha/etcd_answers.h"

inline std::string RecordedEtcd(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/etcd/" + name);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

inline std::vector<std::string> EtcdLines(const std::string& name) {
  std::stringstream file(RecordedEtcd(name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// What a recorded watch of the scope sentinel told, with its unix time. Each line of the file
// begins with when it came.
inline std::vector<std::pair<double, DcsLook>> Played(const std::string& name) {
  std::vector<std::pair<double, DcsLook>> played;
  for (auto& line : EtcdLines(name)) {
    double at = std::stod(line);
    auto keys = ParseEtcdWatch(line.substr(line.find(' ') + 1), "/service/sentinel/",
                               {Instant() + FromSeconds(at), at});
    EXPECT_TRUE(keys.ok()) << keys.status() << line;
    if (keys.ok())
      for (auto& look : keys->looks) played.emplace_back(at, look);
  }
  return played;
}

// An event in a few words.
inline std::string Told(const DcsLook& look) {
  switch (look.what) {
    case DcsLook::What::kConnected: return "connected " + look.name;
    case DcsLook::What::kLost: return "lost";
    case DcsLook::What::kLockTaken: return "taken " + look.name;
    case DcsLook::What::kLockReleased: return "released";
    case DcsLook::What::kSwitchover: return "switchover " + look.name;
    case DcsLook::What::kFailover: return "failover";
    case DcsLook::What::kRequestCleared: return "cleared";
    case DcsLook::What::kHistory: return "history " + std::to_string(look.history.size());
  }
  return "?";
}
inline std::vector<std::string> Told(const std::vector<DcsLook>& looks) {
  std::vector<std::string> told;
  for (auto& look : looks) told.push_back(Told(look));
  return told;
}
inline std::vector<std::string> Told(const std::vector<std::pair<double, DcsLook>>& played) {
  std::vector<std::string> told;
  for (auto& [at, look] : played) told.push_back(Told(look));
  return told;
}

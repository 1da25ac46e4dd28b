#include "exporters/redis-sentinel/sentinel_event.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "exporters/redis-sentinel/answer_text.h"

namespace {

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

void ReadSwitch(const std::vector<std::string_view>& words, SentinelEvent& event) {
  if (words.size() < 5) return;
  auto from = ToAddress(words[1], words[2]), to = ToAddress(words[3], words[4]);
  if (!from || !to) return;
  event.master_name = words[0];
  event.from = std::move(from);
  event.address = std::move(to);
}

void ReadMaster(const std::vector<std::string_view>& words, SentinelEvent& event) {
  if (words.size() < 4) return;
  auto address = ToAddress(words[2], words[3]);
  if (!address) return;
  event.instance_type = "master";
  event.master_name = words[1];
  event.address = std::move(address);
}

void ReadOther(const std::vector<std::string_view>& words, SentinelEvent& event) {
  if (words.size() < 8 || words[4] != "@") return;
  auto address = ToAddress(words[2], words[3]);
  if (!address) return;
  event.instance_type = words[0];
  event.master_name = words[5];
  event.address = std::move(address);
}

}  // namespace

SentinelEvent ParseSentinelEvent(std::string_view channel, std::string_view text) {
  SentinelEvent event;
  event.name = channel;
  auto words = Words(text);
  if (channel == "+switch-master") ReadSwitch(words, event);
  else if (!words.empty() && words[0] == "master") ReadMaster(words, event);
  else if (!words.empty() && (words[0] == "slave" || words[0] == "sentinel"))
    ReadOther(words, event);
  return event;
}

bool AnnouncesMaster(const SentinelEvent& event) {
  return event.address && (event.name == "+switch-master" || event.name == "+promoted-slave");
}

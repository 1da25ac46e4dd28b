#include "exporters/pihole/drift_log.h"

#include <algorithm>

#include "common/log.h"

namespace {
constexpr std::size_t kMaxItems = 20;
}

void LogDrift(const std::string& pihole, const ItemTexts& texts,
              const std::map<std::string, std::shared_ptr<const ConfigItems>>& others) {
  for (auto& [other, theirs] : others) {
    for (auto& [component, items] : texts) {
      auto known = theirs->find(component);
      if (known == theirs->end()) continue;
      auto only_here = NotIn(known->second, items);
      if (only_here.empty()) continue;
      std::string some;
      for (std::size_t i = 0; i < std::min(only_here.size(), kMaxItems); ++i)
        some += (i > 0 ? " " : "") + only_here[i];
      Log(Level::kDebug, "settings that another Pi-hole has not",
          {{"pihole", pihole}, {"other", other}, {"component", component},
           {"number", std::to_string(only_here.size())}, {"items", some}});
    }
  }
}

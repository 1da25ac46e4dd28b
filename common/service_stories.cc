#include "common/service.h"
#include "common/words.h"

// A service in the words of those who are called at night.

namespace {

std::string StoryOf(const OutageFact& f, const ServiceOptions& o) {
  std::string text = o.scope + " was without " + o.essence + " for " +
                     InWords(f.low_seconds, f.mid_seconds, f.high_seconds);
  if (f.end_unknown) text += "; nobody saw it end";
  else if (!f.high_seconds) text += "; nobody saw it begin";
  bool missed = f.low_seconds > o.rto_objective_seconds;
  bool kept = f.high_seconds && *f.high_seconds <= o.rto_objective_seconds;
  if (!missed && !kept) return text;
  return text + "; the objective of " + InWords(o.rto_objective_seconds) + " was " +
         (missed ? "missed" : "kept");
}

std::string StoryOf(const FailoverFact& f, const ServiceOptions& o) {
  if (f.kind == "unseen")
    return o.scope + ": from " + f.from + " to " + f.to + " while nobody watched";
  return o.scope + ": " + f.kind + " from " + f.from + " to " + f.to + "; " +
         InWords(f.loss);
}

}  // namespace

Headline Service::Summary(const Now& now) const {
  Headline h{options_.service, options_.scope, {}, "", 0, false};
  if (watch_.open()) h.down_unix_seconds = open_start_unix_seconds_;
  if (!Known(now) || watch_.state() == OutageWatch::State::kUnknown) return h;
  h.up = watch_.state() == OutageWatch::State::kUp;
  h.holder = holder_;
  h.split_brain = split_brain_;
  return h;
}

std::vector<Story> Service::Stories() const {
  std::vector<Story> stories;
  if (watch_.open())
    stories.push_back(
        {open_start_unix_seconds_, options_.scope + " is without " + options_.essence});
  for (auto& f : outages_) stories.push_back({f.start_unix_seconds, StoryOf(f, options_)});
  for (auto& f : failovers_) stories.push_back({f.unix_seconds, StoryOf(f, options_)});
  return stories;
}

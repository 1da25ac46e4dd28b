#include "common/round.h"

#include <algorithm>

Round::Round(std::size_t targets, const Deadline& d) : deadline(d) {
  state_.With([&](State& s) { s.slots.resize(targets); });
}

void Round::Expect(std::size_t i, Wait wait) {
  state_.With([&](State& s) {
    s.slots[i].wait = wait;
    if (wait == Wait::kFully) ++s.fully;
    if (wait == Wait::kBriefly) ++s.briefly;
  });
}

void Round::Start() {
  state_.Change([](State& s) { --s.fully; });
}

void Round::Put(std::size_t i, Slot slot) {
  bool last = state_.With([&](State& s) {
    slot.wait = s.slots[i].wait;
    s.slots[i] = std::move(slot);
    if (s.slots[i].wait == Wait::kNot) return false;
    return --(s.slots[i].wait == Wait::kFully ? s.fully : s.briefly) == 0;
  });
  if (last) state_.Change([](State&) {});
}

std::vector<Round::Slot> Round::Await(const Deadline& until) {
  auto all = [](State& s) { return s.fully == 0 && s.briefly == 0; };
  state_.Await(std::min(until.at(), begin_ + kBrief), all, [](State&) {});
  auto worthy = [](State& s) { return s.fully == 0; };
  return state_.Await(std::min(until.at(), begin_ + kFull), worthy, [&](State& s) {
    over_ = true;
    --waiting_;
    return s.slots;
  });
}

#include "exporters/postgres-ha/dcs.h"

void LockStory::Step(const DcsLook& look, Instant) {
  connected_ = look.what != DcsLook::What::kLost;
}

std::optional<bool> LockStory::Requested(Instant, Instant) const { return std::nullopt; }
std::optional<Instant> LockStory::Released(Instant, Instant) const { return std::nullopt; }
std::optional<Instant> LockStory::Taken(const std::string&, Instant, Instant) const {
  return std::nullopt;
}

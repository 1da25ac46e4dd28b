#include "exporters/postgres-ha/open_loss.h"

void OpenLoss::Expire(Instant now) {
  if (open_ && now > open_->until) open_.reset();
}

void OpenLoss::Tell(const TimelineEnds& ends, Service& service, Incidents& incidents) {
  if (!open_) return;
  auto fork = ends.Of(open_->ended_timeline);
  if (!fork) return;
  Loss loss = LossOf(open_->departure, *fork);
  if (open_->failover && !service.failovers().empty()) {
    FailoverFact fact = service.failovers().back();
    fact.loss = loss;
    service.Amend(std::move(fact));
  }
  if (!open_->incident.empty()) incidents.Lost(open_->incident, loss);
  if (fork->exact()) open_.reset();
}

#include "exporters/postgres-ha/etcd_facts.h"

void EtcdFacts::Step(const std::string& site, const EtcdLook& look, Instant end) {
  looks_[{site, look.endpoint}] = {look, end};
}

void EtcdFacts::Show(const DataSetOptions&, const Now&, Samples&) const {}

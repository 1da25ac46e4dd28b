#include "exporters/postgres-ha/haproxy_facts.h"

void HaproxyFacts::Step(const std::string& site, const HaproxyLook& look, Instant end) {
  looks_[{site, look.name}] = {look, end};
}

void HaproxyFacts::Show(const DataSetOptions&, const Members&, const Roles&, const Now&,
                        Samples&) const {}

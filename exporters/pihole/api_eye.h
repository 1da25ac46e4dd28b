#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/pihole/config.h"
#include "exporters/pihole/verdict.h"

// The eye on one Pi-hole's API. It polls on its own clock and posts what it knows as a snapshot: a
// scrape never asks a Pi-hole, however many Prometheus servers there are. One poll is one after the
// other over one kept connection: each 15 s replies, summary, blocking, upstreams and history; each
// minute the database's counts, seats, messages and lists; each five minutes versions and system;
// and as often groups, lists, clients, settings and, if there are few, rules, for the drift. A
// request that fails for the whole Pi-hole (no connection, no answer) ends the poll. Over a slow
// link each request has its turn in one of the next polls. While we are not let in, /api/info/login
// still tells whether it is alive. Finds out by itself whether it is version 6 or 5.
// When poked it polls at once, but never twice within two seconds.
std::unique_ptr<Collector> MakeApiEye(std::shared_ptr<PiholesBoard> board,
                                      const PiholeOptions& pihole, const PiholesOptions& all);

#pragma once
#include "common/metric.h"
#include "exporters/postgres-ha/connection.h"

// The client sessions of a server: what they do, whose they are, and the oldest open transaction of
// them. The exporter's own are among the sessions, not among the transactions.
//
// One statement that reads the activity once. Its rows are few, however many names applications
// give themselves: state, application (null: all beyond the ten with most sessions), sessions, and
// the start of the oldest transaction. Without pg_monitor most of it is hidden: do not show it then.
const Statement& SessionsStatement();
void ShowSessions(const Rows& rows, Samples& out);

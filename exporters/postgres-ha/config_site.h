#pragma once
#include "common/config.h"
#include "exporters/postgres-ha/config.h"

// The parts of an entry of `clusters` that are neither members nor connections, and the objectives.

// `routes`: {rw: host:port, ro: host:port, ro_accepts_primary: false}.
void ReadRoutes(Fields fields, SiteOptions& site);
// `haproxy`: a list of {url, rw_proxy, ro_proxy, user, password}.
std::vector<HaproxyOptions> ReadHaproxies(Fields& cluster);
// `etcd`: {endpoints, watch, namespace, scope, TLS files, user, password}; `scope` is Patroni's,
// `name` unless it is given.
EtcdOptions ReadEtcd(Fields fields, const std::string& name);
// `objectives` but for rto and rpo: {replication_lag, connections, application_connections,
// slot_retained, transaction, clock_offset}.
Objectives ReadObjectives(Fields& fields);
// The keys ca_file, cert_file and key_file.
void ReadTlsFiles(Fields& fields, HttpOptions& http);
// An http or https URL without user and password, and without a slash at its end.
std::string ReadUrl(Fields& fields, std::string_view key, std::string url);

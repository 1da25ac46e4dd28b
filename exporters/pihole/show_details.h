#pragma once
#include <string>

#include "common/metric.h"
#include "exporters/pihole/api_snapshot.h"

// The metrics of what a Pi-hole's API tells, one function for each subject. Each shows what is
// fresh and no more: three intervals after its last good answer a part is gone from the page.

// pihole_blocking_enabled, _state, _end_timestamp_seconds; pihole_queries*, pihole_clients_*,
// pihole_domains_known, pihole_query_frequency
void ShowQueries(const std::string& pihole, const ApiSnapshot& api, const Now& now, Samples& out);
// pihole_dns_replies_total, pihole_dns_cache_entries, pihole_upstream_queries, _response_seconds
void ShowReplies(const std::string& pihole, const ApiSnapshot& api, const Now& now, Samples& out);
// pihole_gravity_*, pihole_lists*, pihole_domain_rules, pihole_groups
void ShowGravity(const std::string& pihole, const ApiSnapshot& api, const Now& now, Samples& out);
// pihole_messages, pihole_api_sessions*, pihole_component_info, pihole_update_available,
// pihole_database_*, pihole_host_*, pihole_privacy_level
void ShowSystem(const std::string& pihole, const ApiSnapshot& api, const Now& now, Samples& out);

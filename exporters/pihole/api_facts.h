#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/metric.h"
#include "exporters/pihole/evidence.h"
#include "exporters/pihole/query_counters.h"

// What one Pi-hole's API told, over time, and all metrics of it:
//   the client      pihole_api_up, _state, _requests_total, _errors_total, _logins_total,
//                   _request_duration_seconds, _part_timestamp_seconds, _endpoint_up
//   the details     see show_details.h
//   over polls      pihole_queries_observed_total, pihole_ftl_start_timestamp_seconds
// but drift, which takes several Pi-holes: drift_facts.h.
class ApiFacts {
 public:
  // `interval`: between two polls; the state of the client is known for three of them. Without an
  // API its state is "disabled", and everything else absent.
  void Configure(bool enabled, Duration interval);
  void Step(const ApiLook& look, Instant end, const Now& now);
  void Show(const std::string& pihole, const Now& now, Samples& out) const;

  // For StateFacts: absent when not known now.
  std::optional<ApiState> state(Instant now) const;
  std::optional<Blocking> blocking(Instant now) const;
  // Whether the last look ended after `at`; one without an API need not look.
  bool LookedSince(Instant at) const { return !enabled_ || (looked_ && *looked_ >= at); }
  const ApiSnapshot& snapshot() const { return *snapshot_; }  // empty before the first look

 private:
  bool Fresh(Instant now) const;
  void TakeTraffic(const ApiTraffic& traffic);
  void TakeStart(const ApiSnapshot& snapshot, const Now& now);
  void ShowClient(const std::string& pihole, const Now& now, Samples& out) const;

  bool enabled_ = true;
  Duration interval_{};
  std::shared_ptr<const ApiSnapshot> snapshot_ = std::make_shared<ApiSnapshot>();
  ApiState state_ = ApiState::kDisabled;
  std::optional<Instant> looked_;  // the end of the last look
  std::optional<double> start_unix_seconds_;
  QueryCounters queries_;
  Instant history_at_ = Instant();  // of the history that was counted last
  std::map<std::string, double> requests_;
  std::map<ApiState, double> errors_;
  std::map<std::string, double, std::less<>> logins_;
  std::array<double, 10> duration_counts_{};  // by bucket, the last is above all of them
  double duration_sum_ = 0;
};

#pragma once
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/http_client.h"
#include "common/scrape.h"
#include "exporters/postgres-ha/verdict.h"

// The eye on one HAProxy: its statistics, by its socket or by HTTP, once a second. The socket need
// be of `level user` only, but at `level operator`, as with `stats show-legends` on the page,
// HAProxy says the servers' addresses too. Errors: DeadlineExceeded, Unavailable (no such socket,
// nobody listens), PermissionDenied, DataLoss (not its statistics), and HttpClient's. They name the
// socket or the URL.
class HaproxyEye : public Collector {
 public:
  HaproxyEye(std::shared_ptr<DataSetBoard> board, std::string site, HaproxyOptions options);
  Next Look(const Deadline& deadline) override;

 private:
  absl::StatusOr<std::vector<HaproxyServer>> Ask(const Deadline& deadline);
  absl::StatusOr<std::string> Get(const Deadline& deadline);

  const std::shared_ptr<DataSetBoard> board_;
  const std::string site_;
  const HaproxyOptions options_;
  const std::string socket_;  // path; "": by HTTP
  const std::string url_;     // of the statistics as CSV
  HttpClient client_;
};

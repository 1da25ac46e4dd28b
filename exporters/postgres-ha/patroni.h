#pragma once
#include <memory>
#include <string>

#include "common/http_client.h"
#include "common/scrape.h"
#include "exporters/postgres-ha/verdict.h"

// The eye on one Patroni. It asks only what runs no SQL there (/cluster, else /liveness), and never a
// second thing before the first is answered: Patroni 4 has five threads in all, and a server that is
// frozen keeps one busy with every question.
class PatroniEye : public Collector {
 public:
  // `url`: http://host:port. `member`: whose Patroni it is, as far as known.
  PatroniEye(std::shared_ptr<DataSetBoard> board, MemberId member, std::string url,
             HttpOptions options, Duration interval);
  Next Look(const Deadline& deadline) override;

 private:
  absl::Status Ask(const Deadline& deadline, PatroniLook& look);

  const std::shared_ptr<DataSetBoard> board_;
  const MemberId member_;
  const std::string url_, asked_, eye_;
  const Duration interval_;
  HttpClient client_;
  Instant cluster_not_before_ = Instant();
};

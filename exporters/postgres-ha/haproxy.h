#pragma once
#include <memory>
#include <string>

#include "common/http_client.h"
#include "common/scrape.h"
#include "exporters/postgres-ha/verdict.h"

// The eye on one HAProxy: its statistics, by its socket or by HTTP, once a second.
class HaproxyEye : public Collector {
 public:
  HaproxyEye(std::shared_ptr<DataSetBoard> board, std::string site, HaproxyOptions options);
  Next Look(const Deadline& deadline) override;

 private:
  const std::shared_ptr<DataSetBoard> board_;
  const std::string site_;
  const HaproxyOptions options_;
  HttpClient client_;
};

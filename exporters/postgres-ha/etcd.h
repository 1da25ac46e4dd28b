#pragma once
#include <memory>
#include <string>

#include "common/http_client.h"
#include "common/scrape.h"
#include "exporters/postgres-ha/verdict.h"

// The eye on one member of etcd: status, health and alarms every 5 s.
class EtcdEye : public Collector {
 public:
  EtcdEye(std::shared_ptr<DataSetBoard> board, std::string site, std::string url, HttpOptions http);
  Next Look(const Deadline& deadline) override;

 private:
  const std::shared_ptr<DataSetBoard> board_;
  const std::string site_, url_;
  HttpClient client_;
};

#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/postgres-ha/etcd_client.h"
#include "exporters/postgres-ha/verdict.h"

// The eye on one member of etcd: its status and health every 5 s. It judges nothing that the
// group's verdict waits for, so it announces no look.
class EtcdEye : public Collector {
 public:
  // `url`: http://host:port.
  EtcdEye(std::shared_ptr<DataSetBoard> board, std::string site, std::string url, HttpOptions http);
  Next Look(const Deadline& deadline) override;

 private:
  const std::shared_ptr<DataSetBoard> board_;
  const std::string site_;
  EtcdClient client_;
};

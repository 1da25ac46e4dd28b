#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/postgres-ha/verdict.h"

// The ear on etcd: a watch stream on the keys of one scope, through whichever endpoint answers. It
// sleeps on its socket, so that what Patroni does is known within milliseconds and nothing is polled.
class EtcdWatchEye : public Collector {
 public:
  EtcdWatchEye(std::shared_ptr<DataSetBoard> board, std::string site, EtcdOptions options);
  Next Look(const Deadline& deadline) override;

 private:
  const std::shared_ptr<DataSetBoard> board_;
  const std::string site_;
  const EtcdOptions options_;
};

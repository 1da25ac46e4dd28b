#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/postgres-ha/lock_watch.h"
#include "exporters/postgres-ha/verdict.h"

// The ear on etcd, see LockWatch. It sleeps on the socket of the stream, so that what Patroni does
// is known within milliseconds and nothing is polled.
class EtcdWatchEye : public Collector {
 public:
  EtcdWatchEye(std::shared_ptr<DataSetBoard> board, std::string site, EtcdOptions options);
  Next Look(const Deadline& deadline) override;

 private:
  void Post(DcsLook look);

  const std::shared_ptr<DataSetBoard> board_;
  const std::string site_;
  LockWatch watch_;
  Instant woke_ = Instant();
};

#include "exporters/postgres-ha/etcd_watch.h"

EtcdWatchEye::EtcdWatchEye(std::shared_ptr<DataSetBoard> board, std::string site,
                           EtcdOptions options)
    : board_(std::move(board)),
      site_(std::move(site)),
      watch_(options, [this](DcsLook look) { Post(std::move(look)); }) {}

void EtcdWatchEye::Post(DcsLook look) {
  Evidence evidence;
  evidence.eye = "etcd_watch " + site_;
  evidence.member = {site_, ""};
  evidence.begin = woke_;
  evidence.end = Clock::now();
  evidence.seen = std::move(look);
  board_->Post(std::move(evidence));
}

Next EtcdWatchEye::Look(const Deadline& deadline) {
  woke_ = Clock::now();
  return watch_.Look(deadline);
}

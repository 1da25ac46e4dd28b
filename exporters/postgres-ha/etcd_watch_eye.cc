#include "exporters/postgres-ha/etcd_watch_eye.h"

EtcdWatchEye::EtcdWatchEye(std::shared_ptr<DataSetBoard> board, std::string site,
                           EtcdOptions options)
    : board_(std::move(board)),
      site_(std::move(site)),
      watch_(options, [this](DcsLook look) { Post(std::move(look)); }) {}

void EtcdWatchEye::Post(DcsLook look) {
  board_->Post({{"etcd_watch " + site_, woke_, Clock::now()}, {site_, ""}, std::move(look)});
}

Next EtcdWatchEye::Look(const Deadline& deadline) {
  woke_ = Clock::now();
  return watch_.Look(deadline);
}

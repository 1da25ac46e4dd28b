#include "exporters/postgres-ha/etcd_eye.h"

EtcdEye::EtcdEye(std::shared_ptr<DataSetBoard> board, std::string site, std::string url,
                 HttpOptions http)
    : board_(std::move(board)), site_(std::move(site)), client_(std::move(url), std::move(http)) {}

Next EtcdEye::Look(const Deadline& deadline) {
  const Instant begin = Clock::now();
  EtcdLook look;
  auto status = client_.Look(deadline, look);
  const Instant end = Clock::now();
  board_->Post(
      {{"etcd " + site_ + "/" + client_.endpoint(), begin, end}, {site_, ""}, std::move(look)});
  return {std::move(status), std::max(begin + kEtcdInterval, end)};
}

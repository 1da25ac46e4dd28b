#include "exporters/postgres-ha/etcd.h"

EtcdEye::EtcdEye(std::shared_ptr<DataSetBoard> board, std::string site, std::string url,
                 HttpOptions http)
    : board_(std::move(board)), site_(std::move(site)), client_(std::move(url), std::move(http)) {}

Next EtcdEye::Look(const Deadline& deadline) {
  Evidence evidence;
  evidence.eye = "etcd " + site_ + "/" + client_.endpoint();
  evidence.member = {site_, ""};
  evidence.begin = Clock::now();
  EtcdLook look;
  auto status = client_.Look(deadline, look);
  evidence.seen = std::move(look);
  evidence.end = Clock::now();
  Instant again = std::max(evidence.begin + kEtcdInterval, evidence.end);
  board_->Post(std::move(evidence));
  return {std::move(status), again};
}

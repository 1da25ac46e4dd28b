#include "exporters/postgres-ha/etcd.h"

EtcdEye::EtcdEye(std::shared_ptr<DataSetBoard> board, std::string site, std::string url,
                 HttpOptions http)
    : board_(std::move(board)), site_(std::move(site)), url_(std::move(url)), client_(http) {}

Next EtcdEye::Look(const Deadline&) { return {absl::UnimplementedError("never looks")}; }

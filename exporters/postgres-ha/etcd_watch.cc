#include "exporters/postgres-ha/etcd_watch.h"

EtcdWatchEye::EtcdWatchEye(std::shared_ptr<DataSetBoard> board, std::string site,
                           EtcdOptions options)
    : board_(std::move(board)), site_(std::move(site)), options_(std::move(options)) {}

Next EtcdWatchEye::Look(const Deadline&) { return {absl::UnimplementedError("never looks")}; }

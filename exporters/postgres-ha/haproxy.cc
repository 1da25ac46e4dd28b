#include "exporters/postgres-ha/haproxy.h"

HaproxyEye::HaproxyEye(std::shared_ptr<DataSetBoard> board, std::string site,
                       HaproxyOptions options)
    : board_(std::move(board)), site_(std::move(site)), options_(std::move(options)) {}

Next HaproxyEye::Look(const Deadline&) { return {absl::UnimplementedError("never looks")}; }

#pragma once
#include <memory>
#include <string>

#include "common/net.h"
#include "common/scrape.h"
#include "exporters/postgres-ha/verdict.h"

// The eye on an anchor: something outside that accepts TCP connections as long as our own network
// works. It is asked every second; a refusal is an answer too.
class AnchorEye : public Collector {
 public:
  AnchorEye(std::shared_ptr<DataSetBoard> board, HostPort anchor);
  Next Look(const Deadline& deadline) override;

 private:
  const std::shared_ptr<DataSetBoard> board_;
  const HostPort anchor_;
  const std::string eye_;
};

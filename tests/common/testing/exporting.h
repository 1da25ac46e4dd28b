#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tests/common/testing/process.h"

// The command line of the test exporter (test_exporter.cc).
inline std::vector<std::string> Words(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), TEST_EXPORTER);
  return arguments;
}

// The test exporter on a free port, with a configuration that can be changed.
struct Exporting {
  explicit Exporting(const std::string& config, std::vector<std::string> more = {},
                     const std::vector<std::string>& environment = {}) {
    WriteText(file, config);
    more.insert(more.end(), {"--web.listen-address=127.0.0.1:0", "--config.file=" + file});
    process = std::make_unique<Process>(Words(more), environment);
    if (!process->Says(" port=")) return;
    port = std::stoi(process->Err().substr(process->Err().find(" port=") + 6));
  }
  std::string Page() { return Ask(port, "/metrics").body; }
  bool PageHas(const std::string& text) {
    return Eventually([&] { return Page().find(text) != std::string::npos; });
  }
  TemporaryDirectory directory;
  std::string file = directory / "c.yml";
  std::unique_ptr<Process> process;
  int port = 0;
};

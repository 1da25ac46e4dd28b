#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tests/common/loopback.h"
#include "tests/common/testing/files.h"
#include "tests/common/testing/process.h"

struct Answer {
  int code = 0;
  std::string head, body;
};

// What the server on loopback says to one request; code 0 if nothing complete comes.
inline Answer Ask(int port, const std::string& path, const std::string& method = "GET",
                  const std::string& headers = "") {
  Answer answer;
  Deadline deadline = Deadline::In(std::chrono::seconds(30));
  auto socket = Dial("127.0.0.1", port, deadline);
  if (!socket.ok()) return answer;
  Send(*socket, method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                    (method == "POST" ? "Content-Length: 0\r\n" : "") + headers + "\r\n", deadline);
  std::string text;
  Receive(*socket, text, deadline, [](auto&) { return false; });
  std::size_t end = text.find("\r\n\r\n"), length = text.find("Content-Length: ");
  if (end == text.npos || length == text.npos) return answer;
  answer.head = text.substr(0, end);
  answer.body = text.substr(end + 4);
  if (method != "HEAD" && answer.body.size() != std::stoul(text.substr(length + 16))) return {};
  answer.code = std::stoi(text.substr(9, 3));
  return answer;
}

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

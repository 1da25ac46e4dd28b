#include "tests/postgres-ha-lab/page.h"

#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <sstream>

#include "common/net.h"

namespace {

// Reads the labels of `line` from its '{' on, and returns where they end; npos if they do not.
std::size_t ReadLabels(const std::string& line, std::size_t at, Labels& labels) {
  while (at < line.size() && line[at] != '}') {
    std::size_t equals = line.find("=\"", ++at);
    if (equals == std::string::npos) return equals;
    std::string value, name = line.substr(at, equals - at);
    for (at = equals + 2; at < line.size() && line[at] != '"'; ++at) {
      if (line[at] == '\\') ++at;
      value += line[at];
    }
    labels[name] = value;
    ++at;
  }
  return at < line.size() ? at + 1 : std::string::npos;
}

std::optional<Sample> ReadSample(const std::string& line) {
  Sample sample;
  std::size_t end = line.find_first_of("{ ");
  if (end == std::string::npos) return std::nullopt;
  sample.name = line.substr(0, end);
  if (line[end] == '{') end = ReadLabels(line, end, sample.labels);
  if (end == std::string::npos || end >= line.size() || line[end] != ' ') return std::nullopt;
  char* rest = nullptr;
  sample.value = std::strtod(line.c_str() + end, &rest);
  if (*rest != '\0') return std::nullopt;
  return sample;
}

void ReadSamples(Page& page) {
  std::set<std::pair<std::string, Labels>> seen;
  std::istringstream lines(page.body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    auto sample = ReadSample(line);
    if (!sample) {
      page.broken.push_back(line);
      continue;
    }
    if (!seen.emplace(sample->name, sample->labels).second) page.duplicates.push_back(line);
    page.samples.push_back(*std::move(sample));
  }
}

bool Contains(const Labels& all, const Labels& some) {
  for (auto& [name, value] : some)
    if (auto found = all.find(name); found == all.end() || found->second != value) return false;
  return true;
}

// Everything the server sends until it closes; "" if it does not by the deadline.
std::string Exchange(int port, const std::string& request, const Deadline& deadline) {
  auto socket = Dial("127.0.0.1", port, deadline);
  if (!socket.ok()) return "";
  if (send(socket->fd(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
  std::string answer;
  char buffer[65536];
  while (deadline.Wait(socket->fd(), POLLIN)) {
    ssize_t n = read(socket->fd(), buffer, sizeof buffer);
    if (n == 0) return answer;
    if (n < 0 && errno != EAGAIN) return "";
    if (n > 0) answer.append(buffer, static_cast<std::size_t>(n));
  }
  return "";
}

}  // namespace

std::vector<Sample> Page::All(const std::string& name, const Labels& labels) const {
  std::vector<Sample> found;
  for (auto& sample : samples)
    if (sample.name == name && Contains(sample.labels, labels)) found.push_back(sample);
  return found;
}

std::optional<double> Page::Get(const std::string& name, const Labels& labels) const {
  auto found = All(name, labels);
  return found.size() == 1 ? std::optional(found[0].value) : std::nullopt;
}

bool Page::Has(const std::string& name, const Labels& labels) const {
  return !All(name, labels).empty();
}

bool Page::Is(const std::string& name, const Labels& labels, double value) const {
  return Get(name, labels) == value;
}

std::string Page::Lines(const std::string& word) const {
  std::string found, line;
  for (std::istringstream lines(body); std::getline(lines, line);)
    if (!line.starts_with("#") && line.find(word) != std::string::npos) found += line + '\n';
  return found;
}

Page ReadPage(std::string body) {
  Page page;
  page.body = std::move(body);
  ReadSamples(page);
  return page;
}

Page Fetch(int port, const std::string& path, const Deadline& deadline,
           const std::string& headers) {
  Page page;
  Instant begin = Clock::now();
  std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n" + headers + "\r\n";
  std::string answer = Exchange(port, request, deadline);
  page.seconds = Seconds(Clock::now() - begin);
  std::size_t end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || end == std::string::npos) return page;
  page.code = std::atoi(answer.c_str() + 9);
  page.head = answer.substr(0, end);
  page.body = answer.substr(end + 4);
  ReadSamples(page);
  return page;
}

#include "common/facts.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

#include "common/guarded.h"
#include "common/log.h"
#include "common/net.h"

namespace {

absl::Status Errno(const std::string& what, const std::string& path) {
  return absl::UnavailableError(what + " " + path + ": " + std::strerror(errno));
}

absl::Status TooLarge(const std::string& path) {
  return absl::InvalidArgumentError(path + ": larger than 1 MiB");
}

absl::Status WriteAll(int fd, std::string_view s, const std::string& path) {
  while (!s.empty()) {
    ssize_t n = write(fd, s.data(), s.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Errno("write", path);
    s.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fsync(fd) != 0) return Errno("fsync", path);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFileToString(const std::string& path) {
  Socket file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open() && (errno == ENOENT || errno == ENOTDIR))
    return absl::NotFoundError(path + ": no such file");
  if (!file.open()) return Errno("open", path);
  std::string contents(kMaxFactsBytes + 1, '\0');
  std::size_t size = 0;
  while (size < contents.size()) {
    ssize_t n = read(file.fd(), contents.data() + size, contents.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Errno("read", path);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > kMaxFactsBytes) return TooLarge(path);
  contents.resize(size);
  return contents;
}

absl::Status WriteFileAtomically(const std::string& path, const std::string& contents) {
  if (contents.size() > kMaxFactsBytes) return TooLarge(path);
  std::string temporary = path + ".new";
  {
    Socket file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.open()) return Errno("open", temporary);
    auto written = WriteAll(file.fd(), contents, temporary);
    if (!written.ok()) {
      unlink(temporary.c_str());
      return written;
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    auto failed = Errno("rename", temporary);
    unlink(temporary.c_str());
    return failed;
  }
  Socket directory(open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_CLOEXEC));
  if (directory.open()) fsync(directory.fd());
  return absl::OkStatus();
}

struct FactsWriter::State {
  struct Inbox {
    std::map<std::string, std::string> files;
    bool stop = false, failing = false, writing = false;
  };
  Guarded<Inbox> inbox;
  std::thread thread;

  void Run() {
    while (true) {
      auto [files, stop] = inbox.Await(
          Clock::now() + std::chrono::hours(1),
          [](Inbox& i) { return i.stop || !i.files.empty(); },
          [](Inbox& i) {
            i.writing = !i.files.empty();
            return std::pair(std::exchange(i.files, {}), i.stop);
          });
      for (auto& [path, contents] : files) WriteOne(path, contents);
      inbox.Change([](Inbox& i) { i.writing = false; });
      if (stop && files.empty()) return;
    }
  }
  void WriteOne(const std::string& path, const std::string& contents) {
    auto status = WriteFileAtomically(path, contents);
    bool was = inbox.With([&](Inbox& i) { return std::exchange(i.failing, !status.ok()); });
    if (!status.ok() && !was)
      Log(Level::kWarn, "cannot keep facts for the next start",
          {{"error", std::string(status.message())}});
  }
};

FactsWriter::FactsWriter() : state_(std::make_shared<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->Run(); });
}

FactsWriter::~FactsWriter() {
  state_->inbox.Change([](State::Inbox& i) { i.stop = true; });
  state_->thread.join();
}

void FactsWriter::Write(const std::string& path, std::string contents) {
  state_->inbox.Change([&](State::Inbox& i) { i.files[path] = std::move(contents); });
}

absl::Status FactsWriter::Try(const std::string& directory) {
  std::string path = directory + "/.writable";
  auto status = WriteFileAtomically(path, "");
  if (status.ok()) unlink(path.c_str());
  state_->inbox.With([&](State::Inbox& i) { i.failing = !status.ok(); });
  return status;
}

bool FactsWriter::Flush(const Deadline& deadline) {
  auto idle = [](State::Inbox& i) { return i.files.empty() && !i.writing; };
  return state_->inbox.Await(deadline.at(), idle, idle);
}

bool FactsWriter::failing() const {
  return state_->inbox.With([](State::Inbox& i) { return i.failing; });
}

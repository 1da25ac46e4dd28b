#include "common/facts.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <thread>

#include <gtest/gtest.h>

#include "tests/common/testing/files.h"
#include "tests/common/testing/process.h"

using namespace std::chrono_literals;

namespace {

TEST(ReadFileToString, SaysWhatItCannot) {
  TemporaryDirectory directory;
  EXPECT_TRUE(absl::IsNotFound(ReadFileToString(directory / "none").status()));
  WriteText(directory / "file", "a\0b");
  EXPECT_TRUE(absl::IsNotFound(ReadFileToString(directory / "file/below").status()));
  EXPECT_EQ(ReadFileToString(directory.path()).status().code(), absl::StatusCode::kUnavailable);
  WriteText(directory / "large", std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(ReadFileToString(directory / "large").status().code(),
            absl::StatusCode::kInvalidArgument);
  std::string most(1 << 20, 'x');
  WriteText(directory / "most", most);
  EXPECT_EQ(ReadFileToString(directory / "most").value(), most);
}

TEST(WriteFileAtomically, WritesForTheOwnerAloneAndLeavesNothingElse) {
  TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomically(directory / "f", "old").ok());
  ASSERT_TRUE(WriteFileAtomically(directory / "f", std::string(100'000, 'n')).ok());
  EXPECT_EQ(ReadText(directory / "f"), std::string(100'000, 'n'));
  struct stat status{};
  ASSERT_EQ(stat((directory / "f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(directory / "f.new"));
}

TEST(WriteFileAtomically, KeepsTheOldFileWhenItFails) {
  TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomically(directory / "f", "old").ok());
  std::filesystem::create_directory(directory / "f.new");
  EXPECT_FALSE(WriteFileAtomically(directory / "f", "new").ok());
  EXPECT_EQ(ReadText(directory / "f"), "old");
  EXPECT_FALSE(WriteFileAtomically(directory / "none/f", "new").ok());
  EXPECT_FALSE(WriteFileAtomically(directory / "f", std::string(kMaxFactsBytes + 1, 'n')).ok());
  EXPECT_EQ(ReadText(directory / "f"), "old");
  std::filesystem::create_directory(directory / "d");  // cannot be replaced by a file
  EXPECT_FALSE(WriteFileAtomically(directory / "d", "new").ok());
  EXPECT_FALSE(std::filesystem::exists(directory / "d.new"));
}

// On a file system of four pages, seen by this process alone. Returns what went wrong, 77 if it
// cannot be tried.
int WriteToAFullDisk(const std::string& at) {
  if (unshare(CLONE_NEWNS) != 0 ||
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", at.c_str(), "tmpfs", 0, "size=16k") != 0)
    return 77;
  if (!WriteFileAtomically(at + "/f", "old").ok()) return 1;
  auto full = WriteFileAtomically(at + "/f", std::string(100'000, 'n'));
  if (full.ok() || full.message().find("No space left") == full.message().npos) return 2;
  if (ReadText(at + "/f") != "old") return 3;
  if (std::filesystem::exists(at + "/f.new")) return 4;
  return WriteFileAtomically(at + "/f", "new").ok() && ReadText(at + "/f") == "new" ? 0 : 5;
}

TEST(WriteFileAtomically, KeepsTheOldFileOnAFullDisk) {
  TemporaryDirectory directory;
  pid_t child = fork();
  if (child == 0) _exit(WriteToAFullDisk(directory.path()));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "needs root to mount a small file system";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(FactsWriter, WritesTheNewestOfEveryFile) {
  TemporaryDirectory directory;
  FactsWriter writer;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] {
      for (int i = 0; i <= 200; ++i) writer.Write(directory / std::to_string(n), std::to_string(i));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(writer.Flush(Deadline::In(20s)));
  for (int n = 0; n < 4; ++n) EXPECT_EQ(ReadText(directory / std::to_string(n)), "200");
  EXPECT_FALSE(writer.failing());
}

TEST(FactsWriter, WritesWhatIsLeftWhenItEnds) {
  TemporaryDirectory directory;
  {
    FactsWriter writer;
    for (int i = 0; i < 20; ++i) writer.Write(directory / std::to_string(i), "x");
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ReadText(directory / std::to_string(i)), "x");
}

TEST(FactsWriter, SaysWhenItFailsAndWhenItWorksAgain) {
  TemporaryDirectory directory;
  FactsWriter writer;
  writer.Write(directory / "d/f", "x");
  EXPECT_TRUE(writer.Flush(Deadline::In(20s)));
  EXPECT_TRUE(writer.failing());
  EXPECT_FALSE(writer.Try(directory / "d").ok());
  std::filesystem::create_directory(directory / "d");
  EXPECT_TRUE(writer.failing());
  writer.Write(directory / "d/f", "x");
  EXPECT_TRUE(writer.Flush(Deadline::In(20s)));
  EXPECT_FALSE(writer.failing());
  EXPECT_TRUE(writer.Try(directory / "d").ok());
  EXPECT_FALSE(std::filesystem::exists(directory / "d/.writable"));
}

// A disk that hangs delays nobody: the temporary file is a pipe that nobody reads.
TEST(FactsWriter, DelaysNobodyWhileTheDiskHangs) {
  TemporaryDirectory directory;
  FactsWriter writer;
  ASSERT_EQ(mkfifo((directory / "f.new").c_str(), 0600), 0);
  writer.Write(directory / "f", "one");
  Instant begin = Clock::now();
  EXPECT_FALSE(writer.Flush(Deadline::In(100ms)));
  for (int i = 0; i < 1000; ++i) writer.Write(directory / "f", "two");
  EXPECT_LT(Clock::now() - begin, 5s);
  Socket reader(open((directory / "f.new").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(writer.Flush(Deadline::In(20s)));
}

}  // namespace

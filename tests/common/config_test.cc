#include "common/config.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

// Reads every kind of field, as an exporter's Load does.
struct Loaded {
  std::string name, password;
  bool enabled = false;
  double ratio = 0;
  int port = 0;
  Duration timeout{};
  std::vector<std::string> hosts, member_names;
  std::string mode;
  absl::Status status;
};

Loaded Load(Fields top) {
  Loaded l;
  l.name = top.String("name", "none");
  l.enabled = top.Bool("enabled", true);
  l.ratio = top.Number("ratio", 0.5, 0, 1);
  l.port = top.Integer("port", 5432, 1, 65535);
  l.timeout = top.Time("timeout", 5s, 100ms, 1h);
  l.hosts = top.Strings("hosts");
  l.password = top.Secret("password");
  Fields probe = top.Map("probe");
  l.mode = probe.String("mode", "off");
  for (Fields& member : top.Maps("members")) {
    l.member_names.push_back(member.Required("name"));
    member.Integer("port", 1, 1, 65535);
  }
  l.status = top.Finish();
  return l;
}

Loaded LoadText(std::string_view text) { return Load(Fields::FromText("c.yml", text)); }

std::string ErrorOf(std::string_view text) { return std::string(LoadText(text).status.message()); }

TEST(Config, ReadsEverything) {
  setenv("CONFIG_TEST_HOST", "db.example", 1);
  Loaded l = LoadText(R"(# a comment
name: "quoted: name"
enabled: false
ratio: 2.5e-1
port: '6432'
timeout: 1.5m
hosts: [a, "b c", "${CONFIG_TEST_HOST}:$$5$"]
password: s3cret
probe: {mode: fast}
members:
  - name: pg1
    port: 2
  - name: pg2
)");
  ASSERT_TRUE(l.status.ok()) << l.status;
  EXPECT_EQ(l.name, "quoted: name");
  EXPECT_FALSE(l.enabled);
  EXPECT_EQ(l.ratio, 0.25);
  EXPECT_EQ(l.port, 6432);
  EXPECT_EQ(l.timeout, 90s);
  EXPECT_EQ(l.hosts, (std::vector<std::string>{"a", "b c", "db.example:$5$"}));
  EXPECT_EQ(l.password, "s3cret");
  EXPECT_EQ(l.mode, "fast");
  EXPECT_EQ(l.member_names, (std::vector<std::string>{"pg1", "pg2"}));
}

TEST(Config, WhatIsNotGivenHasItsDefault) {
  for (std::string text : {"", "# nothing\n", "---\n", "{}", "~", "\xEF\xBB\xBF", "---\n...\n",
                           "name:\nenabled:\nratio: ~\nport: null\nhosts:\nprobe:\nmembers:\n"
                           "timeout:\npassword:\n"}) {
    Loaded l = LoadText(text);
    EXPECT_TRUE(l.status.ok()) << text << l.status;
    EXPECT_EQ(l.name, "none");
    EXPECT_TRUE(l.enabled);
    EXPECT_EQ(l.ratio, 0.5);
    EXPECT_EQ(l.port, 5432);
    EXPECT_EQ(l.timeout, 5s);
    EXPECT_EQ(l.mode, "off");
    EXPECT_TRUE(l.hosts.empty() && l.member_names.empty() && l.password.empty());
  }
}

TEST(Config, AListMayBeOneScalar) {
  EXPECT_EQ(LoadText("hosts: one").hosts, std::vector<std::string>{"one"});
}

TEST(Config, LinesMayEndLikeInWindows) {
  Loaded l = LoadText("name: a\r\nport: 7\r\n");
  EXPECT_TRUE(l.status.ok()) << l.status;
  EXPECT_EQ(l.name + std::to_string(l.port), "a7");
}

struct Case { std::string text, error; };

TEST(Config, ErrorsAreExact) {
  setenv("CONFIG_TEST_HOST", "db.example", 1);
  unsetenv("CONFIG_TEST_UNSET");
  for (const Case& c : std::vector<Case>{
           {"tmieout: 5s", "c.yml:1:1: unknown key 'tmieout' (did you mean 'timeout'?)"},
           {"name: x\nzzz: 5s", "c.yml:2:1: unknown key 'zzz'"},
           {"members:\n  - name: a\n    prot: 1",
            "c.yml:3:5: unknown key 'prot' (did you mean 'port'?)"},
           {"probe: {moed: x}", "c.yml:1:9: unknown key 'moed' (did you mean 'mode'?)"},
           {"timeout: 5 parsecs",
            "c.yml:1:10: timeout: not a duration: '5 parsecs' (like 250ms, 5s, 2m, 1h)"},
           {"timeout: 5", "c.yml:1:10: timeout: not a duration: '5' (like 250ms, 5s, 2m, 1h)"},
           {"timeout: 50ms", "c.yml:1:10: timeout: '50ms' is not within 100ms and 1h"},
           {"enabled: yes", "c.yml:1:10: enabled: neither true nor false: 'yes'"},
           {"ratio: 1.5", "c.yml:1:8: ratio: '1.5' is not within 0 and 1"},
           {"ratio: nan", "c.yml:1:8: ratio: not a number: 'nan'"},
           {"ratio: 1e999", "c.yml:1:8: ratio: not a number: '1e999'"},
           {"ratio: 0x1", "c.yml:1:8: ratio: not a number: '0x1'"},
           {"port: 70000", "c.yml:1:7: port: '70000' is not within 1 and 65535"},
           {"port: 99999999999999999999",
            "c.yml:1:7: port: '99999999999999999999' is not within 1 and 65535"},
           {"port: 5.0", "c.yml:1:7: port: not a whole number: '5.0'"},
           {"port: ''", "c.yml:1:7: port: not a whole number: ''"},
           {"port: [1]", "c.yml:1:7: port: must be a single value"},
           {"name: {a: 1}", "c.yml:1:7: name: must be a single value"},
           {"hosts: {a: 1}", "c.yml:1:8: hosts: must be a list"},
           {"hosts: [a, [b]]", "c.yml:1:12: hosts: must be a list of single values"},
           {"hosts:\n  - a\n  -", "c.yml:3:1: hosts: must be a list of single values"},
           {"probe: on", "c.yml:1:8: probe: must be a map"},
           {"members: {name: a}", "c.yml:1:10: members: must be a list of maps"},
           {"members: [a]", "c.yml:1:11: members: must be a list of maps"},
           {"members:\n  - port: 1", "c.yml:2:5: key 'name' is missing"},
           {"members:\n  - name:\n    port: 1", "c.yml:2:5: name: is empty"},
           {"members:\n  - name: ''", "c.yml:2:11: name: is empty"},
           {"name: a\nname: b", "c.yml:2:1: key 'name' is given twice"},
           {"name: a\nname: {name: b}", "c.yml:2:1: key 'name' is given twice"},
           {"name: ${CONFIG_TEST_UNSET}",
            "c.yml:1:7: environment variable CONFIG_TEST_UNSET is not set"},
           {"zzz: ${CONFIG_TEST_UNSET}",
            "c.yml:1:1: unknown key 'zzz'\n"
            "c.yml:1:6: environment variable CONFIG_TEST_UNSET is not set"},
           {"name: a${b", "c.yml:1:7: '${' must be followed by NAME} (write $$ for $)"},
           {"name: ${}", "c.yml:1:7: '${' must be followed by NAME} (write $$ for $)"},
           {"name: ${1a}", "c.yml:1:7: '${' must be followed by NAME} (write $$ for $)"},
           {"password: a\npassword_file: b",
            "c.yml:2:16: password_file: give password or password_file, not both"},
           {"password_file: /nonexistent",
            "c.yml:1:16: password_file: '/nonexistent': cannot be read: No such file or directory"},
           {"password_file: /",
            "c.yml:1:16: password_file: '/': cannot be read: Is a directory"},
           {"just text", "c.yml:1:1: not a map (key: value)"},
           {"- a\n- b", "c.yml:1:1: not a map (key: value)"},
           {"name: a\n---\nname: b", "c.yml:2:1: one document per file"},
           {"name: &x a", "c.yml:1:7: anchors and aliases are not allowed "
                          "(a value that begins with & or * needs quotes)"},
           {"name: *hunter2", "c.yml:1:7: anchors and aliases are not allowed "
                              "(a value that begins with & or * needs quotes)"},
           {"probe: &p {mode: a}", "c.yml:1:8: anchors and aliases are not allowed "
                                   "(a value that begins with & or * needs quotes)"},
           {"probe: {<<: {mode: a}}", "c.yml:1:9: merge keys are not allowed"},
           {"name: !!str a",
            "c.yml:1:7: tags are not allowed (a value that begins with ! needs quotes)"},
           {"? [a, b]\n: c", "c.yml:1:3: a key must be a single value"},
           {"name: \"\\\a\"", "c.yml:1:10: unknown escape character: ?"},
           {"name: [a", "c.yml:1:1: end of sequence flow not found"},
           {"name: a\n\tport: 1", "c.yml:2:1: illegal tab when looking for indentation"},
       }) {
    EXPECT_EQ(ErrorOf(c.text), c.error) << c.text;
  }
}

TEST(Config, AllErrorsInFileOrder) {
  EXPECT_EQ(ErrorOf("members: [{}]\nport: x\nratio: y\nnmae: z\n"),
            "c.yml:1:11: key 'name' is missing\n"
            "c.yml:2:7: port: not a whole number: 'x'\n"
            "c.yml:3:8: ratio: not a number: 'y'\n"
            "c.yml:4:1: unknown key 'nmae' (did you mean 'name'?)");
}

TEST(Config, ManyErrorsAreCutShort) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
  std::string error = ErrorOf(text);
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 20);
  EXPECT_TRUE(error.ends_with("\nc.yml: 80 more errors")) << error;
}

TEST(Config, AnErrorIsOneShortLine) {
  std::string error = ErrorOf("port: \"a\\n\\e\\0" + std::string(500, 'x') + "\"");
  EXPECT_EQ(error.find_first_of(std::string("\n\x1b\0", 3)), error.npos);
  EXPECT_LT(error.size(), 120u);
}

TEST(Config, BoundsNestingAndSize) {
  auto repeat = [](const std::string& s, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += s;
    return out;
  };
  for (const std::string unit : {"[", "{a: ", "- ", "{", "? ", "[{", "[\n"}) {
    std::string text = repeat(unit, 100'000 / static_cast<int>(unit.size()));
    EXPECT_NE(ErrorOf(text), "") << unit;
    EXPECT_NE(ErrorOf("name: " + text), "") << unit;
  }
  std::string staircase;
  for (int i = 0; i < 400; ++i) staircase += std::string(i, ' ') + "a:\n";
  EXPECT_EQ(ErrorOf(staircase), "c.yml:33:33: nested deeper than 32");
  EXPECT_EQ(ErrorOf("probe: " + repeat("[", 31) + repeat("]", 31)),
            "c.yml:1:8: probe: must be a map");
  EXPECT_EQ(ErrorOf("probe: " + repeat("[", 32) + repeat("]", 32)),
            "c.yml:1:39: nested deeper than 32");
  EXPECT_EQ(ErrorOf("name: " + std::string(1 << 20, 'x')), "c.yml: larger than 1048576 bytes");
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) {
    close(mkstemp(name_));
    std::ofstream(name_) << text;
  }
  ~TemporaryFile() { unlink(name_); }
  std::string name() const { return name_; }

 private:
  char name_[32] = "/tmp/config_testXXXXXX";
};

TEST(Config, SecretsComeFromFiles) {
  struct Secret { std::string content, value, error; };
  for (const Secret& s : std::vector<Secret>{
           {"hunter2\n", "hunter2", ""},
           {"hunter2\r\n", "hunter2", ""},
           {" hunter 2", " hunter 2", ""},
           {"$x${y}", "$x${y}", ""},
           {"", "", "is empty"},
           {"\n", "", "is empty"},
           {"hunter2\nhunter3\n", "", "has more than one line"},
           {std::string("hunter2\0x", 9), "", "has a zero byte"},
           {std::string(70'000, 'h'), "", "larger than 65536 bytes"}}) {
    TemporaryFile file(s.content);
    Loaded l = LoadText("password_file: " + file.name());
    EXPECT_EQ(l.password, s.value);
    std::string error = "c.yml:1:16: password_file: '" + file.name() + "': " + s.error;
    EXPECT_EQ(std::string(l.status.message()), s.error.empty() ? "" : error);
  }
}

TEST(Config, ReadsFiles) {
  TemporaryFile good("name: pg\n"), bad("nmae: pg\n"), endless(std::string(3 << 20, '#'));
  EXPECT_EQ(Load(Fields::FromFile(good.name())).name, "pg");
  EXPECT_EQ(std::string(Load(Fields::FromFile(bad.name())).status.message()),
            bad.name() + ":1:1: unknown key 'nmae' (did you mean 'name'?)");
  EXPECT_EQ(std::string(Load(Fields::FromFile(endless.name())).status.message()),
            endless.name() + ": larger than 1048576 bytes");
  EXPECT_EQ(std::string(Load(Fields::FromFile("/nonexistent.yml")).status.message()),
            "/nonexistent.yml: cannot be read: No such file or directory");
}

TEST(Config, NothingIsMissingFromAFileThatCannotBeRead) {
  Fields fields = Fields::FromFile("/nonexistent.yml");
  fields.Required("name");
  fields.Map("probe").Required("mode");
  EXPECT_EQ(std::string(fields.Finish().message()),
            "/nonexistent.yml: cannot be read: No such file or directory");
}

TEST(Config, CallersAddTheirOwnErrors) {
  Fields fields = Fields::FromText("c.yml", "a: 1\nb:\nc: {d: 2}\n");
  Fields c = fields.Map("c");
  EXPECT_TRUE(fields.Has("a") && !fields.Has("b") && !fields.Has("x"));
  EXPECT_TRUE(c.Has("d"));
  c.Error("d", "is odd");
  fields.Error("a", "is used up");
  fields.Error("b", "needs a value");
  fields.Error("", "needs x or y");
  EXPECT_EQ(std::string(fields.Finish().message()),
            "c.yml:1:1: needs x or y\nc.yml:1:4: a: is used up\nc.yml:2:1: b: needs a value\n"
            "c.yml:3:8: d: is odd");
}

TEST(ParseDuration, ReadsUnits) {
  for (auto [text, duration] : std::vector<std::pair<std::string, Duration>>{
           {"250ms", 250ms}, {"5s", 5s}, {"1.5m", 90s}, {"2h", 2h}, {"1d", 24h}, {"0s", 0s},
           {"0.1s", 100ms}}) {
    auto parsed = ParseDuration(text);
    ASSERT_TRUE(parsed.ok()) << text << parsed.status();
    EXPECT_EQ(*parsed, duration);
  }
  for (std::string text : {"", "5", "s", "-5s", "+5s", "5 s", "5S", "5us", "1h30m", "1e3s", "..s",
                           "1.2.3s", "inf", "nans", "99999999999d", " 5s", "5s "}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(ParseSize, ReadsUnits) {
  for (auto [text, bytes] : std::vector<std::pair<std::string, double>>{
           {"0", 0}, {"1073741824", 1073741824}, {"512kB", 512e3}, {"1.5GB", 1.5e9}, {"3MB", 3e6},
           {"2GiB", 2147483648}, {"64KiB", 65536}, {"1MiB", 1048576}, {"1TB", 1e12},
           {"1TiB", 1099511627776}, {"0.0001kB", 0}, {"0.5", 1}}) {
    auto parsed = ParseSize(text);
    ASSERT_TRUE(parsed.ok()) << text << parsed.status();
    EXPECT_EQ(*parsed, bytes) << text;
  }
  for (std::string text : {"", "kB", "-1", "+1", "1 GB", "1gb", "1G", "1e3", "1e3kB", "0x10", "..MB",
                           "1.2.3", "inf", "nan", "99999999TB", " 1", "1 ", "1kBkB"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(Config, ASizeHasBounds) {
  auto read = [](const std::string& text) {
    Fields top = Fields::FromText("c.yml", text);
    double size = top.Size("size", 7, 1, 1024);
    return std::pair(size, std::string(top.Finish().message()));
  };
  EXPECT_EQ(read(""), (std::pair<double, std::string>(7, "")));
  EXPECT_EQ(read("size: 1KiB"), (std::pair<double, std::string>(1024, "")));
  EXPECT_EQ(read("size: 0").second, "c.yml:1:7: size: '0' is not within 1 and 1024 bytes");
  EXPECT_EQ(read("size: 2kB").second, "c.yml:1:7: size: '2kB' is not within 1 and 1024 bytes");
  EXPECT_EQ(read("size: big").second,
            "c.yml:1:7: size: not a size: 'big' (like 1073741824, 512MB, 2GiB)");
}

}  // namespace

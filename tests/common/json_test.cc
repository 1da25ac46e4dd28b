#include "common/json.h"

#include <cmath>

#include <gtest/gtest.h>

namespace {

Json Parsed(std::string_view text) {
  auto json = Json::Parse(text);
  EXPECT_TRUE(json.ok()) << text << ": " << json.status();
  return json.ok() ? *std::move(json) : *Json::Parse("null");
}

TEST(Json, WalksPaths) {
  Json json = Parsed(R"({"members":[{"name":"pg1","lag":7,"ok":true},{"name":"pg2"}],"x":null})");
  JsonView top = json.view();
  EXPECT_TRUE(top.IsObject());
  EXPECT_TRUE(top["members"].IsArray());
  ASSERT_EQ(top["members"].Items().size(), 2u);
  JsonView first = top["members"].Items()[0];
  EXPECT_EQ(first["name"].String(), "pg1");
  EXPECT_EQ(first["lag"].Integer(), 7);
  EXPECT_EQ(first["ok"].Bool(), true);
  EXPECT_FALSE(top["x"].exists());
  EXPECT_EQ(top.Members().size(), 2u);
  EXPECT_EQ(top.Members()[0].first, "members");
}

TEST(Json, AbsentValuesAnswerNothing) {
  Json json = Parsed("[1]");
  for (JsonView v : {JsonView(), json.view()["a"], json.view()["a"]["b"]}) {
    EXPECT_FALSE(v.exists());
    EXPECT_FALSE(v.IsArray() || v.IsObject());
    EXPECT_TRUE(v.Items().empty() && v.Members().empty());
    EXPECT_FALSE(v.String() || v.Number() || v.Integer() || v.Bool());
  }
}

TEST(Json, TypesDoNotMix) {
  Json json = Parsed(R"(["1",1,true])");
  auto items = json.view().Items();
  EXPECT_FALSE(items[0].Number() || items[0].Integer() || items[0].Bool());
  EXPECT_FALSE(items[1].String() || items[1].Bool());
  EXPECT_FALSE(items[2].Number() || items[2].Integer() || items[2].String());
}

TEST(Json, NumbersAreExact) {
  struct Case { std::string text; std::optional<double> number; std::optional<long long> integer; };
  for (const Case& c : std::vector<Case>{
           {"0", 0, 0},
           {"-0", 0, 0},
           {"9223372036854775807", 9223372036854775807.0, 9223372036854775807LL},
           {"-9223372036854775808", -9223372036854775808.0, -9223372036854775807LL - 1},
           {"9223372036854775808", 9223372036854775808.0, {}},
           {"18446744073709551616", 18446744073709551616.0, {}},
           {"123456789012345678901234567890", 123456789012345678901234567890.0, {}},
           {"1.5", 1.5, {}},
           {"1e3", 1000, 1000},
           {"2.0", 2, 2},
           {"1e17", 1e17, {}},
           {"0.1", 0.1, {}},
           {"1700000000.123456", 1700000000.123456, {}},
           {"5e-324", 5e-324, {}},
           {"1e-999", {}, {}},
           {"9e308", {}, {}},
           {"2.2250738585072011e-308", 2.2250738585072011e-308, {}},
           {"1.7976931348623157e308", 1.7976931348623157e308, {}}}) {
    Json json = Parsed(c.text);
    EXPECT_EQ(json.view().Number(), c.number) << c.text;
    EXPECT_EQ(json.view().Integer(), c.integer) << c.text;
  }
}

TEST(Json, RefusesWhatIsNotOneValue) {
  for (const std::string& text : std::vector<std::string>{
           "", " ", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "nul", "NaN", "Infinity", "-Infinity",
           "[NaN]", "01", "1.", ".5", "+1", "0x1", "1e", "--1", "\"\\x\"", "\"\n\"", "1 2", "{} x",
           "[1]]", "// c\n1", "\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\\ud800\"",
           "\"\\ude00\"", "{\"\\udfff\":1}",
           "<html>", "1e999", std::string(400, '9')}) {
    auto json = Json::Parse(text);
    EXPECT_EQ(json.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(Json::Parse(std::string_view("{}\0x", 4)).ok());
  EXPECT_FALSE(Json::Parse(std::string_view("\"a\0\"", 4)).ok());
}

TEST(Json, ErrorsSayWhere) {
  EXPECT_EQ(std::string(Json::Parse("[1,2,x]").status().message()),
            "not JSON at byte 5: Invalid value.");
}

TEST(Json, BoundsNesting) {
  auto nested = [](int n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(Json::Parse(nested(64)).ok());
  EXPECT_EQ(std::string(Json::Parse(nested(65)).status().message()),
            "not JSON at byte 64: nested deeper than 64");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(Json::Parse(objects).ok());
  EXPECT_FALSE(Json::Parse(std::string(200'000, '[')).ok());
  std::string flat = "[";
  for (int i = 0; i < 1000; ++i) flat += "[],{},";
  EXPECT_TRUE(Json::Parse(flat + "[]]").ok());
}

TEST(Json, TheFirstOfDuplicateKeysCounts) {
  Json json = Parsed(R"({"a":1,"a":2})");
  EXPECT_EQ(json.view()["a"].Integer(), 1);
  EXPECT_EQ(json.view().Members().size(), 2u);
}

TEST(Json, StringsKeepEscapedZeros) {
  Json json = Parsed(R"({"a\u0000b":"c\u0000d"})");
  EXPECT_EQ(json.view()[std::string_view("a\0b", 3)].String(), std::string_view("c\0d", 3));
}

TEST(Json, SurvivesMoves) {
  Json json = Parsed(R"([{"a":"b"}])");
  JsonView view = json.view().Items()[0];
  Json moved = std::move(json);
  EXPECT_EQ(view["a"].String(), "b");
}

TEST(JsonQuote, RoundTrips) {
  for (std::string text : {std::string(), std::string("a\"b\\c/d\n\t\r\0e", 13),
                           std::string("\xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80 \x7F \xC2\x85")}) {
    EXPECT_EQ(Parsed(JsonQuote(text)).view().String(), text);
  }
}

TEST(JsonQuote, ReplacesWhatIsNotUtf8) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(JsonQuote("a\xFF" "b"), "\"a" + bad + "b\"");
  EXPECT_EQ(JsonQuote("\xC3"), '"' + bad + '"');
  EXPECT_EQ(JsonQuote("\xC0\x80"), '"' + bad + bad + '"');
  EXPECT_EQ(JsonQuote("\xED\xA0\x80"), '"' + bad + bad + bad + '"');
  EXPECT_EQ(JsonQuote("\xF4\x90\x80\x80"), '"' + bad + bad + bad + bad + '"');
}

}  // namespace

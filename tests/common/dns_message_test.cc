#include "common/dns_message.h"

#include <gtest/gtest.h>

#include "tests/common/dns_bytes.h"

namespace {

std::string Query(const std::string& name, DnsType type = DnsType::kA,
                  DnsClass dns_class = DnsClass::kInternet) {
  auto bytes = FormatDnsQuery({{name, type, dns_class}}, 0x1234);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

DnsMessage Parsed(const std::string& bytes) {
  auto message = ParseDnsMessage(bytes);
  EXPECT_TRUE(message.ok()) << message.status();
  return message.value_or(DnsMessage{});
}

DnsMessage Answered(const std::string& name, DnsType type, const Reply& reply) {
  return Parsed(ReplyTo(Query(name, type), reply));
}

// What is wrong with a message.
std::string Defect(const std::string& bytes) {
  auto message = ParseDnsMessage(bytes);
  EXPECT_TRUE(absl::IsDataLoss(message.status())) << message.status();
  return std::string(message.status().message());
}

std::string Defect(const Reply& reply) { return Defect(ReplyTo(Query("a.example"), reply)); }

TEST(DnsQuery, IsWrittenToTheByte) {
  EXPECT_EQ(Query("Pi.hole"), std::string("\x12\x34\x01\x20\0\1\0\0\0\0\0\1"
                                          "\2Pi\4hole\0\0\1\0\1"
                                          "\0\0\x29\x04\xd0\0\0\0\0\0\0",
                                          12 + 13 + 11));
  DnsQuery plain{{"version.bind", DnsType::kTxt, DnsClass::kChaos}, false, false};
  auto bytes = FormatDnsQuery(plain, 7);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, std::string("\0\7\0\x20\0\1\0\0\0\0\0\0\7version\4bind\0\0\x10\0\3", 30));
}

TEST(DnsQuery, IsReadBack) {
  DnsMessage m = Parsed(Query("a.example.", DnsType::kHttps));
  EXPECT_EQ(m.id, 0x1234);
  EXPECT_FALSE(m.response);
  EXPECT_TRUE(m.recursion_desired);
  ASSERT_TRUE(m.question.has_value());
  EXPECT_EQ(m.question->name, "a.example");
  EXPECT_EQ(m.question->type, DnsType::kHttps);
  EXPECT_TRUE(m.edns);
}

TEST(DnsName, Checked) {
  const std::string label(63, 'a'), name = label + "." + label + "." + label + ".";
  for (const std::string& good : std::vector<std::string>{
           ".", "a", "a.", "_dmarc.example.com", "1.0.0.127.in-addr.arpa",
           name + std::string(61, 'b'), name + std::string(61, 'b') + "."}) {
    EXPECT_TRUE(CheckDnsName(good).ok()) << good;
    EXPECT_LE(NameBytes(good).size(), 255u);
  }
  const std::string odd = "only printable ASCII without blanks and backslashes can be asked for";
  struct Case { std::string name, why; };
  for (const Case& c : std::vector<Case>{
           {"", "a label is empty"},
           {"..", "a label is empty"},
           {".a", "a label is empty"},
           {"a..b", "a label is empty"},
           {label + "a.b", "a label is longer than 63 characters"},
           {name + std::string(62, 'b'), "it is longer than 253 characters"},
           {"a b", odd},
           {"a\\.b", odd},
           {std::string("a\0b", 3), odd},
           {"b\xc3\xbc" "cher", odd}}) {
    auto status = CheckDnsName(c.name);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.name;
    EXPECT_EQ(std::string(status.message()), "'" + c.name + "' is not a domain name: " + c.why);
    EXPECT_EQ(FormatDnsQuery({{c.name}}, 1).status(), status);
  }
}

TEST(DnsMessage, Flags) {
  Reply reply;
  reply.flags = 0x8000 | 0x0400 | 0x0200 | 0x0080 | 0x0020 | 3;
  DnsMessage m = Answered("a.example", DnsType::kA, reply);
  EXPECT_TRUE(m.response && m.truncated);
  EXPECT_FALSE(m.recursion_desired || m.edns);
  EXPECT_EQ(m.rcode, kRcodeNxDomain);
  reply.flags = 0x8100;
  m = Answered("a.example", DnsType::kA, reply);
  EXPECT_TRUE(m.response && m.recursion_desired);
  EXPECT_FALSE(m.truncated);
  EXPECT_EQ(m.rcode, kRcodeNoError);
}

TEST(DnsMessage, RecordsOfEachType) {
  auto host = NameBytes("ns1.a.example");
  std::string soa = Pointer(12) + NameBytes("hostmaster.a.example");
  for (uint32_t n : {2024010101u, 7200u, 900u, 1209600u, 300u}) soa += U32(n);
  Reply reply;
  reply.answers = {Record(Pointer(12), DnsType::kA, 2, std::string("\0\0\0\0", 4)),
                   Record(Pointer(12), DnsType::kAaaa, 60, std::string(15, '\0') + '\1'),
                   Record(Pointer(12), DnsType::kCname, 60, "\3www" + Pointer(12)),
                   Record(Pointer(12), DnsType::kTxt, 60, Text("10.0.0.1#53 68 7") + Text("")),
                   Record(Pointer(12), DnsType::kHttps, 60, std::string("\0\1\0", 3)),
                   Record(Pointer(12), DnsType::kA, 60, "abc", 3)};
  reply.authority = {Record(Pointer(12), DnsType::kNs, 60, host),
                     Record(Pointer(12), DnsType::kSoa, 0x80000000u, soa)};
  reply.additional = {Record(host, DnsType::kPtr, 60, Pointer(12)), Opt("")};
  DnsMessage m = Answered("a.example", DnsType::kAny, reply);
  ASSERT_EQ(m.answers.size(), 6u);
  EXPECT_EQ(m.answers[0].name, "a.example");
  EXPECT_EQ(m.answers[0].value, "0.0.0.0");
  EXPECT_EQ(m.answers[0].ttl_seconds, 2u);
  EXPECT_EQ(m.answers[1].value, "::1");
  EXPECT_EQ(m.answers[2].value, "www.a.example");
  EXPECT_EQ(m.answers[3].texts, (std::vector<std::string>{"10.0.0.1#53 68 7", ""}));
  EXPECT_EQ(m.answers[4].data, std::string("\0\1\0", 3));
  EXPECT_EQ(m.answers[5].data, "abc");
  EXPECT_EQ(m.answers[5].dns_class, DnsClass::kChaos);
  ASSERT_EQ(m.authority.size(), 2u);
  EXPECT_EQ(m.authority[0].value, "ns1.a.example");
  ASSERT_TRUE(m.authority[1].soa.has_value());
  EXPECT_EQ(m.authority[1].ttl_seconds, 0u);
  EXPECT_EQ(m.authority[1].soa->primary, "a.example");
  EXPECT_EQ(m.authority[1].soa->mailbox, "hostmaster.a.example");
  EXPECT_EQ(m.authority[1].soa->serial, 2024010101u);
  EXPECT_EQ(m.authority[1].soa->minimum_seconds, 300u);
  ASSERT_EQ(m.additional.size(), 1u);
  EXPECT_EQ(m.additional[0].value, "a.example");
}

TEST(DnsMessage, ExtendedErrors) {
  Reply reply;
  reply.additional = {Opt(ExtendedError(kEdeBlocked, "gravity") + U16(10) + U16(2) + "xy" +
                          ExtendedError(kEdeStaleAnswer, ""))};
  DnsMessage m = Answered("ads.example", DnsType::kA, reply);
  EXPECT_TRUE(m.edns);
  ASSERT_EQ(m.errors.size(), 2u);
  EXPECT_EQ(m.errors[0].code, 15);
  EXPECT_EQ(m.errors[0].text, "gravity");
  EXPECT_EQ(m.errors[1].code, 3);
  EXPECT_EQ(m.errors[1].text, "");
}

TEST(DnsMessage, TextsOfExtendedErrorsAreHarmless) {
  struct Case { std::string sent, text; };
  const std::string long_text(255, 'x');
  for (const Case& c : std::vector<Case>{{std::string("end\0\0", 5), "end"},
                                         {"a\nb\x1b[2J\xc2\x9b", "a b [2J "},
                                         {"\xff\xc3(", "\xEF\xBF\xBD\xEF\xBF\xBD("},
                                         {long_text + "xyz", long_text + "x"},
                                         {long_text + "\xc3\xa4", long_text}}) {
    Reply reply;
    reply.additional = {Opt(ExtendedError(0, c.sent))};
    DnsMessage m = Answered("a.example", DnsType::kA, reply);
    ASSERT_EQ(m.errors.size(), 1u);
    EXPECT_EQ(m.errors[0].text, c.text);
  }
}

TEST(DnsMessage, ExtendedRcode) {
  Reply reply;
  reply.flags = 0x8180 | 7;
  reply.additional = {Opt("", 1)};
  DnsMessage m = Answered("a.example", DnsType::kA, reply);
  EXPECT_EQ(m.rcode, 23);
}

TEST(DnsMessage, NamesAreAscii) {
  Reply reply;
  reply.answers = {Record(std::string("\7a.b\\ \xff\x01\0", 9), DnsType::kA, 1, "abcd"),
                   Record(NameBytes("."), DnsType::kA, 1, "abcd")};
  DnsMessage m = Answered("a.example", DnsType::kA, reply);
  EXPECT_EQ(m.answers[0].name, "a\\046b\\092\\032\\255\\001");
  EXPECT_EQ(m.answers[1].name, ".");
}

TEST(DnsMessage, OnlySoManyRecordsAreKept) {
  DnsMessage m = Answered("a.example", DnsType::kA, Addresses(4000));
  EXPECT_EQ(m.answers.size(), 256u);
  EXPECT_EQ(m.answers[255].value, "10.0.0.255");
  Reply reply = Addresses(300);
  reply.additional = {Opt(ExtendedError(kEdeBlocked, ""))};
  EXPECT_EQ(Answered("a.example", DnsType::kA, reply).errors.size(), 1u);
}

TEST(DnsMessage, EveryCutIsADefect) {
  Reply reply = Addresses(2);
  reply.authority = {Record(Pointer(12), DnsType::kNs, 60, NameBytes("ns.example"))};
  reply.additional = {Opt(ExtendedError(15, "gravity"))};
  std::string whole = ReplyTo(Query("a.example"), reply);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(Defect(whole.substr(0, size)), "it ends too early") << size;
  EXPECT_EQ(Parsed(whole + "more").answers.size(), 2u);
  EXPECT_EQ(Defect(whole + std::string(65536 - whole.size(), 'x')), "it is longer than 64 KiB");
}

TEST(DnsMessage, NamesThatGoForwardOrRound) {
  std::size_t end = ReplyTo(Query("a.example"), {}).size();
  for (const std::string& name :
       {Pointer(end), Pointer(end + 4), Pointer(0x3FFF), "\1a" + Pointer(end)}) {
    EXPECT_EQ(Defect({0x8180, {Record(name, DnsType::kA, 1, "abcd")}, {}, {}}),
              "a name points forward");
  }
  // Two pointers to each other, in data that nobody reads as a name.
  std::size_t data = end + 11;
  std::string pair = Record(NameBytes("."), DnsType::kHttps, 1, Pointer(data + 2) + Pointer(data));
  for (std::size_t at : {data, data + 2}) {
    Reply reply{0x8180, {pair, Record(Pointer(at), DnsType::kTxt, 1, "")}, {}, {}};
    EXPECT_EQ(Defect(reply), "a name points forward");
  }
}

TEST(DnsMessage, NamesThatAreTooLong) {
  std::string label = std::string(1, 63) + std::string(63, 'a');
  EXPECT_EQ(Defect({0x8180, {label + label + label + label + std::string(1, 0)}, {}, {}}),
            "a name is too long");
  Reply reply;  // by pointers: each is a label longer than the one before
  std::size_t at = ReplyTo(Query("a.example"), {}).size(), last = 12;
  for (int i = 0; i < 5; ++i) {
    reply.answers.push_back(Record(label + Pointer(last), DnsType::kA, 1, "abcd"));
    last = at;
    at += reply.answers.back().size();
  }
  EXPECT_EQ(Defect(reply), "a name is too long");
  reply.answers.resize(3);
  Answered("a.example", DnsType::kA, reply);
  // Pointers to pointers, and no label ever.
  std::string hops;
  std::size_t start = ReplyTo(Query("a.example"), {}).size() + 11;
  for (std::size_t i = 0; i < 200; ++i) hops += Pointer(i == 0 ? 12 : start + 2 * (i - 1));
  EXPECT_EQ(Defect({0x8180,
                    {Record(NameBytes("."), DnsType::kHttps, 1, hops),
                     Record(Pointer(start + 398), DnsType::kA, 1, "abcd")}, {}, {}}),
            "a name is too long");
}

TEST(DnsMessage, OtherDefects) {
  auto bad = [](const std::string& record) { return Defect({0x8180, {record}, {}, {}}); };
  const std::string wrong = "the data of a record has the wrong length";
  EXPECT_EQ(bad(Record(Pointer(12), DnsType::kA, 1, "abc") + "d"), wrong);
  EXPECT_EQ(bad(Record(Pointer(12), DnsType::kA, 1, "abcde")), wrong);
  EXPECT_EQ(bad(Record(Pointer(12), DnsType::kAaaa, 1, "abcd") + std::string(12, 'x')), wrong);
  EXPECT_EQ(bad(Record(Pointer(12), DnsType::kCname, 1, NameBytes("a") + "b")), wrong);
  EXPECT_EQ(bad(Record(Pointer(12), DnsType::kTxt, 1, "\5abc") + "de"), wrong);
  EXPECT_EQ(bad(std::string("\x40" "a\0", 3)), "a name has an unknown kind of label");
  EXPECT_EQ(bad(Opt("")), "an OPT record in the wrong section");
  EXPECT_EQ(Defect({0x8180, {}, {}, {Opt(""), Opt("")}}), "there is more than one OPT record");
  EXPECT_EQ(Defect({0x8180, {}, {}, {Opt(U16(15) + U16(1) + "x")}}),
            "an extended error without a code");
  EXPECT_EQ(Defect({0x8180, {}, {}, {Opt(U16(15) + U16(9) + "x") + std::string(9, 'x')}}), wrong);
  std::string two = ReplyTo(Query("a.example"), {});
  two[5] = 2;
  EXPECT_EQ(Defect(two + QuestionBytes(two)), "there is more than one question");
}

}  // namespace

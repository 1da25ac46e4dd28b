#include "exporters/pihole/drift.h"

#include <algorithm>
#include <random>
#include <set>

#include "absl/strings/str_format.h"
#include "tests/pihole/recorded_answers.h"

namespace {

using Names = std::vector<std::string>;
struct Group { std::string name; bool enabled; std::string comment; };
struct List { std::string type, address; bool enabled; Names groups; std::string comment; };
struct Rule { std::string type, kind, domain; bool enabled; Names groups; };
struct Client { std::string client; Names groups; };

// What people configure; ids, dates and order are what a Pi-hole makes of it.
struct Household {
  std::vector<Group> groups = {{"Default", true, "all"}, {"kids", true, ""}, {"guests", false, ""}};
  std::vector<List> lists = {{"block", "https://lists.example/ads.txt", true, {"Default"}, "ads"},
                             {"block", "https://lists.example/bad.txt", true,
                              {"Default", "kids"}, ""},
                             {"allow", "https://lists.example/ok.txt", false, {}, ""}};
  std::vector<Rule> rules = {{"deny", "exact", "ads.example", true, {"Default", "guests"}},
                             {"allow", "regex", "(^|\\\\.)ok\\\\.example$", true, {"kids"}}};
  std::vector<Client> clients = {{"10.0.0.1", {"Default", "kids"}},
                                 {"aa:bb:cc:dd:ee:ff", {"kids"}}};
  std::vector<std::string> hosts = {"192.0.2.1 nas.lan", "192.0.2.2 printer.lan"};
  std::vector<std::string> cnames = {"files.lan,nas.lan"}, upstreams = {"9.9.9.9", "1.1.1.1#53"};
  std::vector<std::string> leases = {"aa:bb:cc:dd:ee:ff,192.0.2.9"};
  std::vector<std::string> settings = {
      R"("blocking": {"active": true, "mode": "NULL", "edns": "TEXT"})",
      R"("blockTTL": 2)",
      R"("dnssec": false)",
      R"("revServers": ["true,10.0.0.0/8,10.0.0.1,lan"])",
      R"("domain": {"name": "lan", "local": true})",
      R"("interface": "eth0")",
      R"("port": 53)"};
};

std::string Joined(std::vector<std::string> items, std::mt19937& random) {
  std::shuffle(items.begin(), items.end(), random);
  std::string out;
  for (auto& item : items) out += (out.empty() ? "" : ",") + item;
  return out;
}

std::string Quoted(const std::vector<std::string>& items, std::mt19937& random) {
  std::vector<std::string> quoted;
  for (auto& item : items) quoted.push_back("\"" + item + "\"");
  return Joined(quoted, random);
}

// A Pi-hole that was set up by hand: everything got its own id and date, in any order.
class PiholeOf {
 public:
  PiholeOf(const Household& home, unsigned seed) : random_(seed) {
    int next = static_cast<int>(random_() % 50);
    for (auto& group : home.groups) ids_[group.name] = group.name == "Default" ? 0 : ++next;
    std::vector<std::string> groups, lists, rules, clients;
    for (auto& g : home.groups)
      groups.push_back(Entry(R"("name": "%s")", g.name) + Enabled(g.enabled) + Comment(g.comment) +
                       absl::StrFormat(R"(, "id": %d})", ids_[g.name]));
    for (auto& l : home.lists)
      lists.push_back(Entry(R"("address": "%s")", l.address) + Text("type", l.type) +
                      Enabled(l.enabled) + Comment(l.comment) + Groups(l.groups) + Dates());
    for (auto& r : home.rules)
      rules.push_back(Entry(R"("domain": "%s")", r.domain) + Text("type", r.type) +
                      Text("kind", r.kind) + Enabled(r.enabled) + Groups(r.groups) + Dates());
    for (auto& c : home.clients)
      clients.push_back(Entry(R"("client": "%s")", c.client) + Groups(c.groups) + Dates());
    answers_ = {Answer("{\"groups\": [" + Joined(groups, random_) + "], \"took\": 1}"),
                Answer("{\"lists\": [" + Joined(lists, random_) + "], \"took\": 2}"),
                Answer("{\"domains\": [" + Joined(rules, random_) + "], \"took\": 3}"),
                Answer("{\"clients\": [" + Joined(clients, random_) + "], \"took\": 4}"),
                Answer(Config(home))};
  }
  ConfigItems items(bool comments = true) const {
    return FingerprintsOf(ItemTextsOf(
        {answers_[0], answers_[1], answers_[2], answers_[3], answers_[4]}, comments));
  }

 private:
  std::string Entry(const char* format, const std::string& value) {
    std::string text(format);
    return "{" + text.replace(text.find("%s"), 2, value);
  }
  std::string Text(const char* key, const std::string& value) {
    return absl::StrFormat(R"(, "%s": "%s")", key, value);
  }
  std::string Enabled(bool enabled) {
    return enabled ? R"(, "enabled": true)" : R"(, "enabled": false)";
  }
  std::string Comment(const std::string& comment) {
    if (comment.empty() && random_() % 2) return R"(, "comment": null)";
    return Text("comment", comment);
  }
  std::string Groups(const std::vector<std::string>& names) {
    std::vector<std::string> ids;
    for (auto& name : names) ids.push_back(std::to_string(ids_.at(name)));
    return R"(, "groups": [)" + Joined(ids, random_) + "]";
  }
  std::string Dates() {
    return absl::StrFormat(R"(, "id": %d, "date_added": %d, "date_modified": %d,
        "date_updated": %d, "number": %d, "status": %d, "invalid_domains": 0, "name": "n%d"})",
                           random_() % 1000, random_(), random_(), random_(), random_() % 9,
                           random_() % 5, random_());
  }
  std::string Config(const Household& home) {
    return "{\"config\": {\"dhcp\": {\"hosts\": [" + Quoted(home.leases, random_) +
           "]}, \"dns\": {" + Joined(home.settings, random_) + ", \"hosts\": [" +
           Quoted(home.hosts, random_) + "], \"cnameRecords\": [" + Quoted(home.cnames, random_) +
           "], \"upstreams\": [" + Quoted(home.upstreams, random_) + "]}}}";
  }

  std::mt19937 random_;
  std::map<std::string, int> ids_;
  std::vector<Answer> answers_;
};

// The components that differ.
std::set<std::string> Differing(const ConfigItems& a, const ConfigItems& b) {
  std::set<std::string> differing;
  for (auto& [name, items] : a) {
    auto other = b.find(name);
    bool equal = other != b.end() && other->second.fingerprint == items.fingerprint;
    EXPECT_TRUE(other == b.end() || equal == (DifferingItems(items, other->second) == 0)) << name;
    if (!equal) differing.insert(name);
  }
  return differing;
}

TEST(Drift, EveryComponentOfTheRecordedPihole) {
  Answer groups = Answer::Recorded("v6/nopw_groups"), lists = Answer::Recorded("v6/nopw_lists"),
         domains = Answer::Recorded("v6/nopw_domains"),
         clients = Answer::Recorded("v6/nopw_clients"), config = Answer::Recorded("v6/nopw_config");
  ConfigItems all = FingerprintsOf(ItemTextsOf({groups, lists, domains, clients, config}, true));
  ASSERT_EQ(all.size(), kDriftComponents.size());
  const std::map<std::string, std::size_t> sizes = {
      {"groups", 2}, {"lists", 4}, {"domains", 3}, {"clients", 1}, {"dns_hosts", 2},
      {"dns_cnames", 1}, {"upstreams", 1}, {"dhcp_hosts", 0}, {"dns_settings", 20},
      {"comments", 10}};
  for (auto& [name, size] : sizes) {
    EXPECT_EQ(all[name].items.size(), size) << name;
    EXPECT_GT(all[name].fingerprint, 0u) << name;
    EXPECT_LT(all[name].fingerprint, 1ull << 48) << name;
  }
  EXPECT_EQ(ItemTextsOf({groups, lists, domains, clients, config}, false).count("comments"), 0u);
  // What is hashed is fixed: exporters of two versions must agree. Of the groups it is
  //   printf '["Default",true]\n["kids",true]\n' | sha256sum
  EXPECT_EQ(all["groups"].fingerprint, 269064173156171u);
  EXPECT_EQ(all["dns_settings"].fingerprint, 197039100059159u);
}

TEST(Drift, IdsDatesAndOrderDoNotCount) {
  Household home;
  ConfigItems reference = PiholeOf(home, 0).items();
  EXPECT_EQ(reference.size(), 10u);
  for (unsigned seed = 1; seed < 500; ++seed)
    EXPECT_EQ(Differing(reference, PiholeOf(home, seed).items()), std::set<std::string>()) << seed;
}

// Each change shows in its own component alone, as so many items; whatever the ids are.
TEST(Drift, AChangeShowsInItsComponentAlone) {
  struct {
    const char* what;
    std::function<void(Household&)> change;
    std::set<std::string> components;
    std::size_t items;  // in the first of them
  } changes[] = {
      {"a list disabled", [](auto& h) { h.lists[1].enabled = false; }, {"lists"}, 2},
      {"a list of another type", [](auto& h) { h.lists[1].type = "allow"; },
       {"comments", "lists"}, 2},
      {"a list in another group", [](auto& h) { h.lists[0].groups = {"kids"}; }, {"lists"}, 2},
      {"a rule disabled", [](auto& h) { h.rules[0].enabled = false; }, {"domains"}, 2},
      {"a rule in one group less", [](auto& h) { h.rules[0].groups.pop_back(); }, {"domains"}, 2},
      {"a rule gone", [](auto& h) { h.rules.pop_back(); }, {"comments", "domains"}, 1},
      {"a client in one group less", [](auto& h) { h.clients[0].groups.pop_back(); },
       {"clients"}, 2},
      {"a client more", [](auto& h) { h.clients.push_back({"10.0.0.7", {}}); },
       {"clients", "comments"}, 1},
      {"a group disabled", [](auto& h) { h.groups[1].enabled = false; }, {"groups"}, 2},
      {"a record more", [](auto& h) { h.hosts.push_back("192.0.2.3 cam.lan"); }, {"dns_hosts"}, 1},
      {"a record changed", [](auto& h) { h.hosts[0] = "192.0.2.8 nas.lan"; }, {"dns_hosts"}, 2},
      {"a record twice", [](auto& h) { h.hosts.push_back(h.hosts[0]); }, {"dns_hosts"}, 1},
      {"an alias gone", [](auto& h) { h.cnames.clear(); }, {"dns_cnames"}, 1},
      {"another upstream", [](auto& h) { h.upstreams[0] = "8.8.8.8"; }, {"upstreams"}, 2},
      {"a lease gone", [](auto& h) { h.leases.clear(); }, {"dhcp_hosts"}, 1},
      {"a setting", [](auto& h) { h.settings[2] = R"("dnssec": true)"; }, {"dns_settings"}, 2},
      {"the blocking mode",
       [](auto& h) { h.settings[0] = R"("blocking": {"mode": "NX", "edns": "TEXT"})"; },
       {"dns_settings"}, 2},
      {"a setting in a list", [](auto& h) { h.settings[3] = R"("revServers": [])"; },
       {"dns_settings"}, 2},
      {"a comment", [](auto& h) { h.groups[0].comment = "alle"; }, {"comments"}, 2},
      {"blanks", [](auto& h) { h.hosts[0] = "  192.0.2.1 \\t nas.lan "; }, {}, 0},
      {"capitals", [](auto& h) { h.clients[1].client = "AA:BB:CC:DD:EE:FF"; }, {}, 0},
      {"blocking is off",
       [](auto& h) {
         h.settings[0] = R"("blocking": {"active": false, "mode": "NULL", "edns": "TEXT"})";
       },
       {}, 0},
      {"its own interface", [](auto& h) { h.settings[5] = R"("interface": "eth7")"; }, {}, 0},
      {"a key of a newer FTL", [](auto& h) { h.settings.push_back(R"("quantum": true)"); }, {}, 0},
  };
  ConfigItems reference = PiholeOf(Household(), 0).items();
  for (auto& c : changes) {
    Household home;
    c.change(home);
    for (unsigned seed = 1; seed < 20; ++seed) {
      ConfigItems changed = PiholeOf(home, seed).items();
      auto differing = Differing(reference, changed);
      EXPECT_EQ(differing, c.components) << c.what;
      if (differing.empty()) continue;
      std::string first = c.components.count("comments") && c.components.size() > 1
                              ? *std::find_if(differing.begin(), differing.end(),
                                              [](auto& name) { return name != "comments"; })
                              : *differing.begin();
      EXPECT_EQ(DifferingItems(reference.at(first), changed.at(first)), c.items) << c.what;
    }
  }
}

// A group that was renamed is another one for all that are in it.
TEST(Drift, TheOrderOfReverseServersDoesNotCount) {
  auto of = [](const std::string& servers) {
    const Answer config(R"({"config": {"dns": {"revServers": [)" + servers + "]}}}");
    return FingerprintsOf(ItemTextsOf({{}, {}, {}, {}, config}, false)).at("dns_settings").fingerprint;
  };
  const std::string a = R"("true,10.0.0.0/8,10.0.0.1,lan")", b = R"("true,fd00::/8,fd00::1,lan")";
  EXPECT_EQ(of(a + "," + b), of(b + "," + a));
  EXPECT_NE(of(a + "," + b), of(a));
}

TEST(Drift, ARenamedGroup) {
  Household home;
  home.groups[1].name = "children";
  home.lists[1].groups[1] = home.rules[1].groups[0] = "children";
  home.clients[0].groups[1] = home.clients[1].groups[0] = "children";
  EXPECT_EQ(Differing(PiholeOf(Household(), 1).items(false), PiholeOf(home, 2).items(false)),
            (std::set<std::string>{"groups", "lists", "domains", "clients"}));
}

TEST(Drift, WhatIsNotUnderstoodIsAbsent) {
  Answer groups = Answer::Recorded("v6/nopw_groups"), lists = Answer::Recorded("v6/nopw_lists"),
         domains = Answer::Recorded("v6/nopw_domains"),
         clients = Answer::Recorded("v6/nopw_clients"), config = Answer::Recorded("v6/nopw_config"),
         error = Answer::Recorded("v6/corruptgravity_lists");
  auto names = [](const DriftAnswers& answers) {
    std::set<std::string> all;
    for (auto& [name, items] : ItemTextsOf(answers, true)) all.insert(name);
    return all;
  };
  const std::set<std::string> of_config = {"dhcp_hosts", "dns_cnames", "dns_hosts", "dns_settings",
                                           "upstreams"};
  EXPECT_EQ(names({}), std::set<std::string>());
  EXPECT_EQ(names({JsonView(), JsonView(), JsonView(), JsonView(), config}), of_config);
  // Without the groups nobody knows what the others are in.
  EXPECT_EQ(names({error, lists, domains, clients, config}), of_config);
  EXPECT_EQ(names({groups, error, JsonView(), clients, JsonView()}),
            (std::set<std::string>{"groups", "clients"}));
  for (std::string odd : {R"({"clients": [{"client": "a", "groups": [99]}]})",
                          R"({"clients": [{"client": 7, "groups": [0]}]})",
                          R"({"clients": [{"client": "a", "groups": 0}]})", R"({"clients": ["a"]})",
                          R"({"clients": {"client": "a"}})"})
    EXPECT_EQ(names({groups, JsonView(), JsonView(), Answer(odd), JsonView()}),
              std::set<std::string>{"groups"})
        << odd;
}

}  // namespace

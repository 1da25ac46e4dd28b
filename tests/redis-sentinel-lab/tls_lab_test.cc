// Servers that speak TLS alone and want a certificate, and passwords that change.
#include <fstream>

#include "tests/redis-sentinel-lab/lab.h"

using namespace std::chrono_literals;

namespace {

constexpr char kFailures[] = "sentinel_exporter_collector_failures_total";

// The other lab is down meanwhile.
class RedisTlsLab : public RedisLabTest {
 protected:
  static void SetUpTestSuite() { Restart(true); }
  static void TearDownTestSuite() { Restart(false); }
  static void Restart(bool tls) {
    RedisLab::The().End();
    ASSERT_TRUE(RedisLab::The().Start(tls)) << "the lab does not start";
  }

  std::string Ca() const { return "ca_file: " + lab["TLS_CA_FILE"]; }
  std::string Ours() const {
    return ", cert_file: " + lab["TLS_CERT_FILE"] + ", key_file: " + lab["TLS_KEY_FILE"];
  }
  std::vector<std::string> Tls(const std::string& sentinels, const std::string& nodes) const {
    return {"sentinel_tls: {" + sentinels + "}", "redis_tls: {" + nodes + "}"};
  }
  // A CA that signed nothing here.
  std::string OtherCa() const {
    const std::string file = lab.directory() + "/other.pem";
    auto made = RunCommand({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=other", "-keyout",
                            lab.directory() + "/other.key", "-out", file}, Deadline::In(10s));
    EXPECT_EQ(made.code, 0) << made.output;
    return "ca_file: " + file;
  }

  double Failures(const Page& page, const std::string& kind, const std::string& reason,
                  const std::string& server = "") const {
    Labels labels = {{"collector", kind}, {"reason", reason}};
    if (!server.empty()) labels["target"] = "lab/" + lab.Address(server);
    double sum = 0;
    for (auto& sample : page.All(kFailures, labels)) sum += sample.value;
    return sum;
  }
  // All targets of this kind fail because they are denied, and for nothing else.
  void ExpectDenied(const Page& page, const std::string& kind) const {
    EXPECT_GT(Failures(page, kind, "denied"), 0) << page.Lines("failures_total{");
    for (std::string other : {"timeout", "unreachable", "protocol", "internal"})
      EXPECT_EQ(Failures(page, kind, other), 0) << other << "\n" << page.Lines("failures_total{");
    for (auto& sample : page.All("sentinel_exporter_collector_success", {{"collector", kind}}))
      EXPECT_EQ(sample.value, 0);
  }
  // No Sentinel lets us in, so that there are no nodes and nobody knows of a service.
  void ExpectNothingFound(const std::string& tls) const {
    RedisExporter exporter("s1", Tls(tls, Ca() + Ours()));
    Page page = exporter.Await(10, "it is denied", [&](const Page& p) {
      return Failures(p, "sentinel", "denied") > 0 && Failures(p, "sentinel_events", "denied") > 0;
    });
    ExpectDenied(page, "sentinel");
    ExpectDenied(page, "sentinel_events");
    EXPECT_TRUE(page.All("sentinel_exporter_collector_success", {{"collector", "redis"}}).empty());
    EXPECT_TRUE(page.All("redis_sentinel_node_up").empty());
    EXPECT_TRUE(page.All("ha_service_up").empty()) << page.Lines("ha_service_up");
  }
  void SetPassword(const std::string& password) const {
    for (std::string node : {"r1", "r2", "r3"})
      lab.Cli(node, {"ACL", "SETUSER", "exporter", "resetpass", ">" + password});
  }
};

TEST_F(RedisTlsLab, EverythingIsFoundFromOneSeedAndIsUp) {
  RedisExporter exporter("s2", Tls(Ca() + Ours(), Ca() + Ours()));
  Page page = exporter.AwaitHealthy();
  for (std::string node : {"r1", "r2", "r3"})
    EXPECT_TRUE(page.Is("redis_sentinel_node_up", {{"node", lab.Address(node)}}, 1)) << node;
  for (std::string sentinel : {"s1", "s2", "s3"})
    EXPECT_TRUE(page.Is("redis_sentinel_sentinel_up", {{"sentinel", lab.Address(sentinel)}}, 1));
  EXPECT_TRUE(exporter.ExpectSwift().Is("redis_sentinel_failover_possible",
                                         {{"master_name", "mymaster"}}, 1));
}

TEST_F(RedisTlsLab, SentinelsWithACertificateOfAnotherCaAreDenied) {
  ExpectNothingFound(OtherCa() + Ours());
}

TEST_F(RedisTlsLab, WithoutACertificateOfOursNoSentinelLetsUsIn) { ExpectNothingFound(Ca()); }

TEST_F(RedisTlsLab, NodesThatAreNotTrustedOrDoNotTrustUsAreDeniedAndTheSentinelsGoOn) {
  for (const std::string& nodes : {OtherCa() + Ours(), Ca()}) {
    SCOPED_TRACE(nodes);
    RedisExporter exporter("s1", Tls(Ca() + Ours(), nodes));
    Page page = exporter.Await(10, "all nodes are denied", [&](const Page& p) {
      bool all = true;
      for (std::string node : {"r1", "r2", "r3"})
        all = all && Failures(p, "redis", "denied", node) > 0;
      for (std::string sentinel : {"s1", "s2", "s3"})
        all = all && Succeeds(p, "sentinel", sentinel);
      return all;
    });
    ExpectDenied(page, "redis");
    EXPECT_TRUE(page.All("redis_sentinel_node_info").empty());
  }
}

// As an administrator does it: the password first, then the file. Connections that stand stay.
TEST_F(RedisTlsLab, ANewPasswordInTheFileIsReadWithoutAReload) {
  const std::string sick = lab.Replicas()[0];
  RedisExporter exporter("s1", Tls(Ca() + Ours(), Ca() + Ours()));
  exporter.AwaitHealthy();
  SetPassword("another-password");
  lab.Cli(sick, {"CLIENT", "KILL", "USER", "exporter"});
  exporter.Await(10, "it is denied", [&](const Page& p) {
    return Failures(p, "redis", "denied", sick) > 0 && !Succeeds(p, "redis", sick) &&
           p.Is("redis_sentinel_node_up", {{"node", lab.Address(sick)}}, 0);
  });
  std::ofstream(lab["REDIS_EXPORTER_PASSWORD_FILE"]) << "another-password\n";
  exporter.AwaitHealthy();
  for (std::string node : {"r1", "r2", "r3"}) lab.Cli(node, {"CLIENT", "KILL", "USER", "exporter"});
  const double before = Failures(exporter.Scrape(), "redis", "denied");
  Page page = exporter.AwaitHealthy();
  EXPECT_EQ(Failures(page, "redis", "denied"), before) << page.Lines("failures_total{");
}

}  // namespace

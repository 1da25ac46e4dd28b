#include "exporters/redis-sentinel/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/str_format.h"

namespace {

absl::Status Bad(std::string_view text, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrFormat("'%s': %s", text, why));
}

// The 4 or 16 bytes of a numeric address, "" for a name.
std::string BitsOf(const std::string& host) {
  char bits[16];
  if (inet_pton(AF_INET, host.c_str(), bits) == 1) return std::string(bits, 4);
  if (inet_pton(AF_INET6, host.c_str(), bits) == 1) return std::string(bits, 16);
  return "";
}

std::string Lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// An address in the one way it is compared: numeric ones have many spellings.
std::string Canonical(const std::string& host) {
  std::string bits = BitsOf(host);
  return bits.empty() ? Lower(host) : bits;
}

bool InNetwork(const std::string& bits, const std::string& network, int prefix) {
  if (bits.size() != network.size()) return false;
  for (int i = 0; i < prefix; ++i) {
    auto byte = static_cast<std::size_t>(i) / 8;
    if (((bits[byte] ^ network[byte]) >> (7 - i % 8)) & 1) return false;
  }
  return true;
}

// "host", "host:port", "[v6]:port", "[v6]", "v6"; port 0 if there is none.
absl::StatusOr<HostPort> ParseHost(std::string_view text) {
  std::string whole(text);
  bool bare_v6 = BitsOf(whole).size() == 16;
  bool bracketed = whole.size() > 2 && whole.front() == '[' && whole.back() == ']';
  if (bare_v6) whole = "[" + whole + "]:0";
  else if (bracketed || whole.find(':') == whole.npos) whole += ":0";
  auto parsed = ParseHostPort(whole);
  if (parsed.ok() && parsed->host.empty()) return Bad(text, "no host name");
  if (parsed.ok() && parsed->port == 0 && whole == text)
    return Bad(text, "port 0 cannot be dialled");
  return parsed;
}

struct Scheme {
  std::string_view name;
  bool tls;
};
constexpr Scheme kSchemes[] = {
    {"redis", false}, {"rediss", true}, {"valkey", false}, {"valkeys", true}};

}  // namespace

absl::StatusOr<RedisAddress> ParseRedisAddress(std::string_view text, int default_port) {
  RedisAddress address;
  std::string_view rest = text;
  if (text.find('@') != text.npos)
    return absl::InvalidArgumentError(
        "an address has no user and password in it: give them as user and password_file");
  if (std::size_t end = text.find("://"); end != text.npos) {
    auto known = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                              [&](auto& s) { return s.name == text.substr(0, end); });
    if (known == std::end(kSchemes))
      return Bad(text, "the scheme must be redis, rediss, valkey or valkeys");
    address.tls = known->tls;
    rest = text.substr(end + 3);
    std::size_t path = std::min(rest.find_first_of("/?#"), rest.size());
    std::string_view database = rest.substr(path);
    if (!database.empty() && database != "/" && database != "/0")
      return Bad(text, "nothing but /0 may follow the address");
    rest = rest.substr(0, path);
  }
  auto parsed = ParseHost(rest);
  if (!parsed.ok()) return parsed.status();
  address.host = parsed->host;
  address.port = parsed->port ? parsed->port : default_port;
  return address;
}

std::string ToText(const HostPort& address) {
  bool v6 = address.host.find(':') != address.host.npos;
  return absl::StrFormat("%s:%d", v6 ? "[" + address.host + "]" : address.host, address.port);
}

absl::StatusOr<Network> Network::Parse(std::string_view text) {
  Network network;
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view digits = text.substr(std::min(slash + 1, text.size()));
  network.bits_ = BitsOf(std::string(text.substr(0, slash)));
  const char* last = digits.data() + digits.size();
  auto [end, error] = std::from_chars(digits.data(), last, network.prefix_);
  bool number = error == std::errc() && end == last;
  const int most = static_cast<int>(8 * network.bits_.size());
  if (!number || network.prefix_ < 0 || network.prefix_ > most || most == 0)
    return Bad(text, "no network, like 172.19.0.0/24");
  return network;
}

bool Network::Contains(const std::string& host) const {
  return InNetwork(BitsOf(host), bits_, prefix_);
}

bool Network::operator==(const Network& other) const {
  return prefix_ == other.prefix_ && InNetwork(other.bits_, bits_, prefix_);
}

bool AddressMap::Rule::Matches(const HostPort& announced) const {
  if (network) return network->Contains(announced.host);
  return (port == 0 || port == announced.port) && Canonical(announced.host) == host;
}

int AddressMap::Rule::Rank() const {
  constexpr int kOfAHost = 1000;  // more than any prefix
  return network ? network->prefix() : kOfAHost + (port != 0);
}

absl::Status AddressMap::Add(std::string_view announced, std::string_view dialled) {
  Rule rule;
  if (announced.find('/') != announced.npos) {
    auto network = Network::Parse(announced);
    if (!network.ok()) return network.status();
    rule.network = *network;
  } else {
    auto from = ParseHost(announced);
    if (!from.ok()) return from.status();
    rule.host = Canonical(from->host);
    rule.port = from->port;
  }
  auto target = ParseHost(dialled);
  if (!target.ok()) return target.status();
  rule.target = *std::move(target);
  auto at = std::find_if(rules_.begin(), rules_.end(),
                         [&](const Rule& r) { return r.Rank() < rule.Rank(); });
  rules_.insert(at, std::move(rule));
  return absl::OkStatus();
}

HostPort AddressMap::Dialled(const HostPort& announced) const {
  auto rule = std::find_if(rules_.begin(), rules_.end(),
                           [&](const Rule& r) { return r.Matches(announced); });
  if (rule == rules_.end()) return announced;
  return {rule->target.host, rule->target.port ? rule->target.port : announced.port};
}

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <system_error>
#include <thread>

#include "common/guarded.h"
#include "common/net.h"

using namespace std::chrono_literals;

namespace net_internal {
std::atomic<Duration> name_lifetime{30s};  // a variable for the sake of tests
}

namespace {

constexpr std::size_t kMaxNames = 1024;
constexpr Duration kPatience = 1s;  // with a resolver, when there is an older answer

using Addresses = std::vector<std::string>;

// What is known of one name.
struct Name {
  Addresses addresses;  // the last good answer
  Instant resolved_at{};
  absl::Status error;    // of the last lookup
  int lookups = 0;       // that are over
  bool running = false;  // a helper thread is looking it up
  Instant started_at{};
};
using SharedName = std::shared_ptr<Guarded<Name>>;
struct Slot {
  SharedName name;
  Instant used_at;
};
using Names = std::map<std::string, Slot>;

// Never destroyed: helper threads may outlive main.
Guarded<Names>& AllNames() {
  static auto* names = new Guarded<Names>();
  return *names;
}

// Forgets the name that was not asked for longest, among those that nobody holds.
void Evict(Names& names) {
  auto oldest = names.end();
  for (auto at = names.begin(); at != names.end(); ++at) {
    if (at->second.name.use_count() > 1) continue;
    if (oldest == names.end() || at->second.used_at < oldest->second.used_at) oldest = at;
  }
  if (oldest != names.end()) names.erase(oldest);
}

// Null when too many names are being looked up.
SharedName NameOf(const std::string& host) {
  return AllNames().With([&](Names& names) -> SharedName {
    if (names.size() >= kMaxNames && names.count(host) == 0) Evict(names);
    if (names.size() >= kMaxNames && names.count(host) == 0) return nullptr;
    Slot& slot = names[host];
    if (slot.name == nullptr) slot.name = std::make_shared<Guarded<Name>>();
    slot.used_at = Clock::now();
    return slot.name;
  });
}

bool OutOfDescriptors() {
  int fd = eventfd(0, EFD_CLOEXEC);
  if (fd < 0) return true;
  close(fd);
  return false;
}

Addresses NumericAddresses(const addrinfo* list) {
  Addresses addresses;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    char text[NI_MAXHOST];
    int error =
        getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    if (error != 0 || std::count(addresses.begin(), addresses.end(), text) > 0) continue;
    addresses.push_back(text);
  }
  return addresses;
}

absl::Status LookupError(const std::string& host, int error) {
  if (OutOfDescriptors() || error == EAI_MEMORY) {
    return absl::ResourceExhaustedError("resolve " + host + ": out of descriptors or memory");
  }
  if (error == EAI_NONAME || error == EAI_NODATA) {
    return absl::UnavailableError("resolve " + host + ": no such name");
  }
  return absl::UnavailableError("resolve " + host + ": " + gai_strerror(error));
}

// The body of the helper thread; as long as the resolver takes.
void LookUp(const std::string& host, const SharedName& name) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  Addresses addresses = NumericAddresses(list);
  if (list != nullptr) freeaddrinfo(list);
  if (error == 0 && addresses.empty()) error = EAI_NODATA;
  absl::Status status = error == 0 ? absl::OkStatus() : LookupError(host, error);
  // Only an answer that says so takes the last good one away.
  bool gone = (error == EAI_NONAME || error == EAI_NODATA) && absl::IsUnavailable(status);
  name->Change([&](Name& n) {
    if (error == 0 || gone) n.addresses = addresses;
    if (error == 0) n.resolved_at = Clock::now();
    n.error = status;
    n.running = false;
    ++n.lookups;
  });
}

void StartLookup(const std::string& host, const SharedName& name) {
  try {
    std::thread([host, name] { LookUp(host, name); }).detach();
  } catch (const std::system_error&) {
    name->Change([&](Name& n) {
      n.error = absl::ResourceExhaustedError("resolve " + host + ": out of threads");
      n.running = false;
      ++n.lookups;
    });
  }
}

struct Plan {
  bool fresh = false, start = false;
  Addresses addresses;
  int lookups = 0;
  Instant until{};  // how long to wait for the lookup
};

// Looks at what is known and, if that is not enough, takes on a lookup.
Plan MakePlan(Name& n, const Deadline& deadline) {
  Instant now = Clock::now();
  Plan plan{.addresses = n.addresses, .lookups = n.lookups, .until = deadline.at()};
  plan.fresh = !n.addresses.empty() && now - n.resolved_at < net_internal::name_lifetime.load();
  if (plan.fresh) return plan;
  plan.start = !n.running;
  if (plan.start) n.started_at = now;
  n.running = true;
  if (n.addresses.empty()) return plan;
  // Most of the time is for the connection: an older answer is better than none.
  plan.until = std::min(now + (deadline.at() - now) / 4, n.started_at + kPatience);
  return plan;
}

}  // namespace

bool IsNumeric(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

absl::StatusOr<Addresses> Resolve(const std::string& host, const Deadline& deadline) {
  if (host.empty() || host.find('\0') != host.npos) {
    return absl::UnavailableError("resolve '': not a host name");
  }
  if (IsNumeric(host)) return Addresses{host};
  SharedName name = NameOf(host);
  if (name == nullptr) {
    return absl::ResourceExhaustedError("resolve " + host + ": too many names at once");
  }
  Plan plan = name->With([&](Name& n) { return MakePlan(n, deadline); });
  if (plan.fresh) return plan.addresses;
  if (plan.start) StartLookup(host, name);
  return name->Await(
      plan.until, [&](Name& n) { return n.lookups != plan.lookups; },
      [&](Name& n) -> absl::StatusOr<Addresses> {
        if (!n.addresses.empty()) return n.addresses;
        if (n.lookups != plan.lookups) return n.error;
        return absl::DeadlineExceededError("resolve " + host + ": no answer in time");
      });
}

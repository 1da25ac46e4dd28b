#include "tests/postgres-ha-lab/writer.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {
constexpr Duration kEvery = 20ms;

void Pause(Duration d) { Deadline::In(d).Wait(-1, 0); }
}  // namespace

Writer::Writer(const std::map<std::string, Session::Login>& members) {
  for (auto& [member, login] : members)
    threads_.emplace_back([this, member, login] { Write(member, login); });
}

Writer::~Writer() { Stop(); }

void Writer::Stop() {
  stop_ = true;
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Writer::Write(const std::string& member, const Session::Login& login) {
  std::unique_ptr<Session> session;
  for (; !stop_; Pause(kEvery)) {
    if (!session) session = std::make_unique<Session>(login);
    if (!session->open()) {
      session.reset();
      continue;
    }
    Row row{next_++, Clock::now(), {}, member};
    auto taken =
        session->Ask("INSERT INTO app.rows VALUES (" + std::to_string(row.n) + ", now())");
    row.end = Clock::now();
    if (taken) rows_.With([&](auto& rows) { rows.push_back(row); });
  }
}

std::vector<Writer::Row> Writer::rows() {
  auto rows = rows_.With([](auto& all) { return all; });
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.end < b.end; });
  return rows;
}

std::optional<Writer::Gap> Writer::LongestGap(Instant since) {
  std::optional<Gap> longest;
  auto all = rows();
  for (std::size_t i = 1; i < all.size(); ++i) {
    Gap gap{all[i - 1], all[i]};
    if (gap.after.end > since && (!longest || gap.seconds() > longest->seconds())) longest = gap;
  }
  return longest;
}

bool Writer::HasRowAfter(Instant since) {
  auto all = rows();
  return !all.empty() && all.back().begin > since;
}

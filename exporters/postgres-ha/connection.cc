#include "exporters/postgres-ha/connection.h"

#include <libpq-fe.h>

#include <set>

#include "common/net.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kBackOffDenied = 30s;  // a retry would only fill the server's log
constexpr Duration kBackOffFull = 2s;     // each attempt costs a full server a process

struct FreeResult {
  void operator()(PGresult* r) const { PQclear(r); }
};
using Result = std::unique_ptr<PGresult, FreeResult>;

Rows ToRows(const PGresult* r) {
  Rows out;
  out.rows.resize(static_cast<std::size_t>(PQntuples(r)));
  for (int i = 0; i < PQntuples(r); ++i)
    for (int j = 0; j < PQnfields(r); ++j)
      out.rows[static_cast<std::size_t>(i)].push_back(
          PQgetisnull(r, i, j) ? std::optional<std::string>() : PQgetvalue(r, i, j));
  return out;
}

absl::Status StatementError(const Statement& statement, const PGresult* r) {
  const char* code = PQresultErrorField(r, PG_DIAG_SQLSTATE);
  const char* text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
  std::string state = code ? code : "";
  std::string message = std::string(statement.name) + ": " + (text ? text : "failed");
  if (state == "42501") return absl::PermissionDeniedError(message);   // insufficient_privilege
  if (state == "57014") return absl::DeadlineExceededError(message);   // query_canceled
  if (state == "42P05") return absl::AlreadyExistsError(message);      // duplicate_prepared_statement
  return absl::InvalidArgumentError(message);
}

}  // namespace

struct Connection::Libpq {
  PGconn* conn = nullptr;
  bool ready = false;               // logged in and in pipeline mode
  PostgresPollingStatusType poll = PGRES_POLLING_WRITING;
  int syncs_due = 0;                // groups of an earlier call that are not answered yet
  std::set<std::string> prepared;
  bool goodbye = false, fatal = false;
  std::string last_words;           // of the server, in a message nobody asked for

  ~Libpq() { PQfinish(conn); }
  // Takes note when a message, asked for or not, is the server's last on this connection.
  void NoteFatal(const PGresult* r) {
    auto field = [&](int code) {
      const char* text = PQresultErrorField(r, code);
      return std::string(text ? text : "");
    };
    std::string severity = field(PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != "FATAL" && severity != "PANIC") return;
    fatal = true;
    last_words = field(PG_DIAG_MESSAGE_PRIMARY);
    // A backend whose postmaster died says 57P01 too, from be-secure.c: that is no goodbye.
    goodbye = field(PG_DIAG_SQLSTATE) == "57P01" && field(PG_DIAG_SOURCE_FILE) != "be-secure.c";
  }
  static void Notice(void* self, const PGresult* r) { static_cast<Libpq*>(self)->NoteFatal(r); }
};

Connection::Connection(ConnectionOptions options, Duration give_up_pending)
    : options_(std::move(options)), give_up_pending_(give_up_pending) {}
Connection::~Connection() = default;

void Connection::Close() { Fail(absl::OkStatus()).IgnoreError(); }

int Connection::fd() const { return pq_ ? PQsocket(pq_->conn) : -1; }
bool Connection::open() const { return pq_ && pq_->ready; }

std::string Connection::Where() const {
  if (options_.host.empty()) return "postgres";
  return options_.host + (options_.port ? ":" + std::to_string(options_.port) : "");
}

absl::Status Connection::Fail(absl::Status status) {
  pq_.reset();
  pending_since_ = Instant::max();
  return status;
}

absl::Status Connection::Silent(const std::string& what) {
  answer_ = Answer::kTimeout;
  if (pending_since_ == Instant::max()) pending_since_ = Clock::now();
  auto status = absl::DeadlineExceededError(Where() + ": " + what);
  return Clock::now() - pending_since_ > give_up_pending_ ? Fail(status) : status;
}

absl::Status Connection::Lost(const std::string& what) {
  answer_ = pq_ && pq_->goodbye ? Answer::kStarting : Answer::kUnreachable;
  goodbye_ = goodbye_ || (pq_ && pq_->goodbye);
  std::string words = pq_ && !pq_->last_words.empty() ? pq_->last_words : what;
  return Fail(absl::UnavailableError(Where() + ": " + words));
}

absl::Status Connection::Open(const Deadline& deadline) {
  if (open()) {
    answer_ = Answer::kAnswered;
    return absl::OkStatus();
  }
  if (!pq_) {
    if (Clock::now() < not_before_) {
      answer_ = turned_away_;
      return ToStatus(answer_, Where() + ": turned us away a moment ago, not asked again yet");
    }
    auto started = Start(deadline);
    if (!started.ok()) return started;
  }
  return Proceed(deadline);
}

absl::Status Connection::Start(const Deadline& deadline) {
  const ConnectionOptions& o = options_;
  std::string address;
  if (!o.host.empty() && o.host[0] != '/') {
    auto addresses = Resolve(o.host, deadline);
    if (!addresses.ok()) {
      answer_ = absl::IsDeadlineExceeded(addresses.status())    ? Answer::kTimeout
                : absl::IsResourceExhausted(addresses.status()) ? Answer::kOurs
                                                                : Answer::kUnreachable;
      return addresses.status();
    }
    address = addresses->at(address_ % addresses->size());
  }
  auto parameters = ConnectionParameters(o, address);
  std::vector<const char*> keys, values;
  for (auto& [key, value] : parameters) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  pq_ = std::make_unique<Libpq>();
  pq_->conn = PQconnectStartParams(keys.data(), values.data(), 0);
  if (!pq_->conn) {
    answer_ = Answer::kOurs;
    return Fail(absl::ResourceExhaustedError("out of memory"));
  }
  PQsetErrorVerbosity(pq_->conn, PQERRORS_VERBOSE);
  PQsetNoticeReceiver(pq_->conn, Libpq::Notice, pq_.get());
  if (PQstatus(pq_->conn) == CONNECTION_BAD) pq_->poll = PGRES_POLLING_FAILED;
  return absl::OkStatus();
}

absl::Status Connection::Proceed(const Deadline& deadline) {
  PGconn* conn = pq_->conn;
  while (pq_->poll != PGRES_POLLING_OK && pq_->poll != PGRES_POLLING_FAILED) {
    short events = pq_->poll == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (deadline.Wait(PQsocket(conn), events) == 0) {
      // Without even a TCP handshake nothing is pending at the server: start anew next time.
      bool nobody = PQstatus(conn) == CONNECTION_STARTED;
      if (nobody) ++address_;
      auto silent = Silent(nobody ? "connect: no answer" : "login: no answer");
      return nobody ? Fail(silent) : silent;
    }
    pq_->poll = PQconnectPoll(conn);
  }
  if (pq_->poll == PGRES_POLLING_FAILED) {
    std::string message = OneLine(PQerrorMessage(conn));
    answer_ = ConnectFailure(message);
    ++address_;
    turned_away_ = answer_;
    if (answer_ == Answer::kDenied) not_before_ = Clock::now() + kBackOffDenied;
    if (answer_ == Answer::kFull) not_before_ = Clock::now() + kBackOffFull;
    return Fail(ToStatus(answer_, message));
  }
  if (PQsetnonblocking(conn, 1) != 0 || PQenterPipelineMode(conn) != 1)
    return Lost("cannot enter pipeline mode");
  pq_->ready = true;
  ++sessions_;
  goodbye_ = false;
  pending_since_ = Instant::max();
  answer_ = Answer::kAnswered;
  return absl::OkStatus();
}

absl::Status Connection::Listen() {
  if (!open()) return absl::UnavailableError(Where() + ": not connected");
  bool alive = PQconsumeInput(pq_->conn) == 1;
  PQisBusy(pq_->conn);  // parses what came, so that Notice sees it
  if (alive && !pq_->fatal && PQstatus(pq_->conn) == CONNECTION_OK) return absl::OkStatus();
  return Lost("connection closed by the server");
}

absl::Status Connection::Flush(const Deadline& deadline) {
  while (int left = PQflush(pq_->conn)) {
    if (left < 0) return Lost("connection lost while asking");
    int events = deadline.Wait(PQsocket(pq_->conn), POLLIN | POLLOUT);
    if (events == 0) return Silent("does not read what we ask");
    if (events & POLLIN)
      if (PQconsumeInput(pq_->conn) != 1) return Lost("connection lost while asking");
  }
  return absl::OkStatus();
}

absl::Status Connection::Drain(const Deadline& deadline) {
  while (pq_->syncs_due > 0) {
    auto ready = AwaitResult(deadline);
    if (!ready.ok()) return ready;
    Result r(PQgetResult(pq_->conn));
    if (r && PQresultStatus(r.get()) == PGRES_PIPELINE_SYNC) --pq_->syncs_due;
    if (r) pq_->NoteFatal(r.get());
    if (PQstatus(pq_->conn) != CONNECTION_OK || pq_->fatal) return Lost("connection lost");
  }
  return absl::OkStatus();
}

absl::Status Connection::Ask(const std::vector<std::vector<Statement>>& groups) {
  PGconn* conn = pq_->conn;
  for (auto& group : groups) {
    for (auto& [name, text] : group) {
      bool known = pq_->prepared.count(name) > 0;
      if (!known && !PQsendPrepare(conn, name, text, 0, nullptr)) return Lost("cannot ask");
      if (!PQsendQueryPrepared(conn, name, 0, nullptr, nullptr, nullptr, 0))
        return Lost("cannot ask");
    }
    if (!PQpipelineSync(conn)) return Lost("cannot ask");
    ++pq_->syncs_due;
  }
  return absl::OkStatus();
}

// Waits until the next result can be read without blocking.
absl::Status Connection::AwaitResult(const Deadline& deadline) {
  while (PQisBusy(pq_->conn)) {
    if (deadline.Wait(PQsocket(pq_->conn), POLLIN) == 0) return Silent("no answer");
    if (PQconsumeInput(pq_->conn) != 1) return Lost("connection lost while waiting");
  }
  return absl::OkStatus();
}

// The results of one command, up to the null that ends them.
absl::StatusOr<absl::StatusOr<Rows>> Connection::Receive(const Statement& statement,
                                                         const Deadline& deadline) {
  absl::StatusOr<Rows> answer = absl::InternalError("nothing came back");
  while (true) {
    auto ready = AwaitResult(deadline);
    if (!ready.ok()) return ready;
    Result r(PQgetResult(pq_->conn));
    if (r) pq_->NoteFatal(r.get());
    if (PQstatus(pq_->conn) != CONNECTION_OK || pq_->fatal) return Lost("connection lost");
    if (!r) return answer;
    switch (PQresultStatus(r.get())) {
      case PGRES_TUPLES_OK: answer = ToRows(r.get()); break;
      case PGRES_COMMAND_OK: answer = Rows{}; break;
      case PGRES_PIPELINE_ABORTED:
        answer = absl::AbortedError(std::string(statement.name) + ": left out after an error");
        break;
      default: answer = StatementError(statement, r.get());
    }
  }
}

absl::Status Connection::ReceiveSync(const Deadline& deadline) {
  auto ready = AwaitResult(deadline);
  if (!ready.ok()) return ready;
  Result r(PQgetResult(pq_->conn));
  if (!r || PQresultStatus(r.get()) != PGRES_PIPELINE_SYNC) return Lost("answers out of step");
  --pq_->syncs_due;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<absl::StatusOr<Rows>>> Connection::Run(
    const std::vector<std::vector<Statement>>& groups, const Deadline& deadline) {
  auto asked = Open(deadline);
  if (asked.ok()) asked = Drain(deadline);  // answers to questions nobody waits for any more
  if (asked.ok()) asked = Ask(groups);
  if (asked.ok()) asked = Flush(deadline);
  if (!asked.ok()) return asked;

  std::vector<absl::StatusOr<Rows>> results;
  for (auto& group : groups) {
    for (auto& statement : group) {
      absl::Status prepared;
      if (!pq_->prepared.count(statement.name)) {
        auto answer = Receive(statement, deadline);
        if (!answer.ok()) return answer.status();
        prepared = answer->status();
        // It exists already when an earlier answer came too late to be read.
        if (prepared.ok() || absl::IsAlreadyExists(prepared)) pq_->prepared.insert(statement.name);
      }
      auto answer = Receive(statement, deadline);
      if (!answer.ok()) return answer.status();
      results.push_back(prepared.ok() ? *std::move(answer) : prepared);
    }
    auto end = ReceiveSync(deadline);
    if (!end.ok()) return end;
  }
  pending_since_ = Instant::max();
  answer_ = Answer::kAnswered;
  return results;
}

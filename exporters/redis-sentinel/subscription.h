#pragma once
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "exporters/redis-sentinel/connection.h"

// What a Sentinel announced. Messages carry no time: when it was said lies between two of ours.
struct Event {
  std::string channel, text;  // "+sdown", "master mymaster 10.0.0.1 6379"
  Instant not_before;         // when the last ping was sent whose pong came before it
  Instant received;
};

// A session that listens. After a cut of the network the events of a whole while arrive in one
// burst, late (13 s were seen): pings in between tell those from fresh ones, by the distance of an
// event's two instants, and a server that says nothing because it hangs from one that has nothing
// to say.
//
//   Open() at every look: a lost subscription comes back, its past events do not
//   Receive(Deadline(Clock::now())) when fd() is readable, and after each Open() and Ping()
//   Ping() every second
class Subscription {
 public:
  // `patterns` like "+*", "-*": one that the ACL refuses refuses them all (PermissionDenied).
  Subscription(RedisConnectionOptions options, std::vector<std::string> patterns);

  // OK when the server confirmed the subscription, now or earlier. Errors as RedisConnection::Run,
  // and end the session.
  absl::Status Open(const Deadline& deadline);
  // The events that have come since; waits for the first until `deadline`. None is no error. Errors
  // end the session; events that came before one are handed out first, the error by the next call.
  absl::StatusOr<std::vector<Event>> Receive(const Deadline& deadline);
  // Asks for a sign of life, unless one is due already, and does not wait for it.
  absl::Status Ping(const Deadline& deadline);
  // How long the ping that is due has been; zero when the last one was answered. Call Receive
  // first.
  Duration Overdue(Instant now) const;

  void Close();
  bool open() const { return confirmed_ == patterns_.size() && connection_.open(); }
  int fd() const { return connection_.fd(); }
  const std::string& name() const { return connection_.name(); }

 private:
  absl::Status Take(Reply reply);
  absl::Status Lost(absl::Status status);

  RedisConnection connection_;
  const std::vector<std::string> patterns_;
  std::size_t confirmed_ = 0;      // patterns
  Instant alive_{};                // sent then, and answered: the latest
  std::optional<Instant> pinged_;  // sent then, and not answered yet
  std::vector<Event> events_;      // not handed out yet
  absl::Status lost_;              // why the session is over, once the last events are handed out
};

#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "common/http_client.h"
#include "common/http_stream.h"
#include "exporters/postgres-ha/evidence.h"

// User and password of etcd are not HTTP's: they are no part of its requests.
HttpOptions WithoutUser(HttpOptions http);

// One member of etcd, asked through its JSON gateway over one kept connection. With a user it logs
// in before the first request that needs it, and again when etcd no longer takes its token; after a
// refused login it waits 30 s, because etcd's check of a password is dear.
//
// Errors: those of HttpClient and of etcd_answers.h, beginning with host:port.
class EtcdClient {
 public:
  // `url`: http://host:port. `http` with etcd's user and password.
  EtcdClient(std::string url, HttpOptions http);
  const std::string& endpoint() const { return endpoint_; }  // host:port

  // Asks for status and health, and fills `look` with what was answered. The status needs no
  // quorum; a member that gives it, but not its health by `deadline`, waits for one: it is not
  // healthy. Asking for health costs an entry in the log of etcd 3.4.
  absl::Status Look(const Deadline& deadline, EtcdLook& look);
  // The body of the answer to POST `path`.
  absl::StatusOr<std::string> Ask(const std::string& path, const std::string& json,
                                  const Deadline& deadline);
  // Opens POST /v3/watch on `stream`.
  absl::Status Watch(HttpStream& stream, const std::string& json, const Deadline& deadline);
  void ForgetToken() { token_.clear(); }

 private:
  absl::StatusOr<std::string> AskOnce(const std::string& path, const std::string& json,
                                      const Deadline& deadline);
  absl::Status LogIn(const Deadline& deadline);

  const std::string url_, endpoint_, user_, password_;
  HttpClient client_;
  std::string token_;
  Instant log_in_not_before_ = Instant();
};

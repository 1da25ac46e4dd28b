#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// How a server answers us; the closed set behind the state metric.
enum class Answer {
  kAnswered,
  kRefused,      // nothing listens: the server is down
  kTimeout,      // no answer in time: frozen, or the way to it is
  kUnreachable,  // no route, no such name, connection lost
  kStarting,     // 57P03: starting up, shutting down, or recovering without hot standby
  kDenied,       // wrong password, pg_hba, no such database: it says nothing about the service
  kFull,         // 53300: no connection left for us
  kBroken,       // an answer that we do not understand
  kOurs,         // we have no descriptors or memory: it says nothing about the server
};

// The name of a state for the page: primary or standby are said by the look itself.
std::string_view AnswerName(Answer answer);

// A verbose message without its location, on one line.
std::string OneLine(std::string message);

// The five characters of the SQLSTATE in a verbose message ("FATAL:  28P01: ..."), whatever language
// the server speaks; "" when there is none. libpq 15 offers no other way to the state of a connection
// that failed.
std::string SqlState(const std::string& message);

// Classifies the message of a connection that failed: by SQLSTATE, else by the text of its errno.
Answer ConnectFailure(const std::string& message);

// The error that goes with an answer.
absl::Status ToStatus(Answer answer, const std::string& message);

// The number in a field, if it is one.
std::optional<double> ToNumber(const std::optional<std::string>& field);
std::optional<long long> ToInteger(const std::optional<std::string>& field);

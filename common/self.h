#pragma once
#include <string>

#include "common/metric.h"

// The exporter's own metrics, kept in a prometheus-cpp Registry and written by our page writer:
// build, HTTP, scrapes, reloads, state directory, process. One per process, thread-safe.
void CountHttpRequest(const std::string& handler, int code);
void ObserveScrape(double seconds);
void NoteReload(bool successful, double unix_seconds);
void NoteStateDirectory(bool writable);

// Adds all of them, with process_* read from /proc now.
void ShowSelf(Samples& out);

// 16 letters that an exporter which listens on `address` of the machine with that id has after each
// start, and no other has; they tell neither. "" without an id, or if the system picks the port.
std::string LettersOf(const std::string& machine_id, const std::string& address);
// Those of this process, "" while it has none. Main() gives them to one that has no state directory
// to keep a name in.
std::string OwnLetters();
void TakeLetters(const std::string& address);

// "0.1.0", "0.1.0 (revision abc1234)".
std::string Version();
std::string LongVersion();

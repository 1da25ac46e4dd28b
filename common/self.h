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

// 16 letters that an exporter which listens on `address` of `machine` has after each start; they tell
// neither. "" without a machine, or if the system picks the port.
std::string LettersOf(const std::string& machine, const std::string& address);
// Gives this process those of its machine: by the machine id, or by its host name, as in a
// container. Main() does where there is no state directory to keep a name in.
void TakeLetters(const std::string& address);
std::string OwnLetters();  // "" until then

// "0.1.0", "0.1.0 (revision abc1234)".
std::string Version();
std::string LongVersion();

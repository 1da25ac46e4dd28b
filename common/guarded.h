#pragma once
#include <condition_variable>
#include <mutex>

#include "common/deadline.h"

// Data that cannot be reached without its lock. The rule of this code base: one lock at a time,
// no I/O and no log line under it.
template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  // Runs f(value) under the lock and returns what it returned.
  template <class F>
  auto With(F&& f) {
    std::lock_guard lock(mutex_);
    return f(value_);
  }
  // As With, then wakes those who wait in Await.
  template <class F>
  auto Change(F&& f) {
    struct Notify {
      std::condition_variable& changed;
      ~Notify() { changed.notify_all(); }
    } notify{changed_};
    return With(std::forward<F>(f));
  }
  // Waits until done(value) or `at`; then returns f(value), under the same lock.
  template <class Done, class F>
  auto Await(Instant at, Done&& done, F&& f) {
    std::unique_lock lock(mutex_);
    while (!done(value_)) {
      auto left = at - Clock::now();
      if (left <= Duration::zero()) break;
      changed_.wait_for(lock, left);
    }
    return f(value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

#include "common/outage.h"

#include <algorithm>

namespace {
Instant Middle(Instant a, Instant b) { return a + (b - a) / 2; }
}  // namespace

void Sweep::SetCandidates(std::set<std::string> eyes) { candidates_ = std::move(eyes); }

std::optional<Attempt> Sweep::Add(const std::string& eye, const Attempt& look) {
  if (look.result == Result::kVoid) return std::nullopt;
  if (look.result == Result::kLikely || look.result == Result::kUnlikely) return look;
  if (look.result == Result::kOk) {
    auto before = failed_begin_.find(eye);
    Attempt ok = look;
    ok.failed_begin = before == failed_begin_.end() ? Instant::min() : before->second;
    begin_ = std::max(begin_, look.begin);
    failed_.clear();
    failed_begin_.clear();
    return ok;
  }
  failed_begin_[eye] = look.begin;
  if (look.begin < begin_ || !candidates_.count(eye)) return std::nullopt;
  failed_.insert_or_assign(eye, look);
  Attempt sweep{Result::kFail, look.begin, look.end};
  for (auto& candidate : candidates_) {
    auto seen = failed_.find(candidate);
    if (seen == failed_.end()) return std::nullopt;
    sweep.begin = std::min(sweep.begin, seen->second.begin);
    sweep.end = std::max(sweep.end, seen->second.end);
  }
  begin_ = look.begin;
  failed_.clear();
  return sweep;
}

double Outage::LowSeconds() const { return std::max(0.0, Seconds(last_fail - first_fail)); }

std::optional<double> Outage::HighSeconds() const {
  if (!last_ok || !first_ok) return std::nullopt;
  return Seconds(sure_ok.value_or(*first_ok) - *last_ok);
}

std::optional<double> Outage::MidSeconds() const {
  if (!last_ok || !first_ok) return std::nullopt;
  return std::max(0.0, Seconds(End() - Start()));
}

Instant Outage::Start() const {
  if (!last_ok) return first_fail;
  auto inside = [&](const std::optional<Instant>& t) {
    return t && *t > *last_ok && *t < first_fail;
  };
  return Middle(inside(likely_ok) ? *likely_ok : *last_ok,
                inside(likely_fail) ? *likely_fail : first_fail);
}

Instant Outage::End() const {
  if (!first_ok) return last_fail;
  bool sign = likely_end && *likely_end >= last_fail && *likely_end <= *first_ok;
  return sign ? *likely_end : Middle(last_fail, *first_ok);
}

OutageWatch::Event OutageWatch::Step(const Attempt& attempt) {
  if (attempt.result == Result::kVoid) return {};
  if (attempt.result == Result::kLikely || attempt.result == Result::kUnlikely) {
    Sign(attempt);
    return {};
  }
  return attempt.result == Result::kOk ? Ok(attempt) : Fail(attempt);
}

void OutageWatch::Sign(const Attempt& a) {
  std::optional<Outage>& present = open_ ? open_ : failing_;
  if (!present) {
    if (a.result == Result::kLikely) likely_ok_ = a.begin;
    return;
  }
  if (a.begin >= present->first_fail) return;
  auto &ok = present->likely_ok, &fail = present->likely_fail;
  if (a.result == Result::kLikely) ok = std::max(ok.value_or(a.begin), a.begin);
  else if (a.begin > present->last_ok.value_or(Instant::min()))
    fail = std::min(fail.value_or(a.begin), a.begin);
}

void OutageWatch::Resume(const Outage& open) {
  open_ = open;
  state_ = State::kDown;
}

OutageWatch::Event OutageWatch::Ok(const Attempt& a) {
  Event event;
  if (state_ == State::kDown) {
    if (!open_->first_ok) {
      open_->first_ok = a.end;
      open_->likely_end.reset();
      if (a.likely != Instant::max()) open_->likely_end = a.likely;
      Instant start = open_->last_ok.value_or(open_->first_fail);
      open_->last_fail = std::max(start, std::min(open_->last_fail, a.failed_begin));
    }
    ++successes_;
    open_->mixed = open_->mixed || a.unsure;
    if (open_->mixed && successes_ == std::min(sure_, rise_)) open_->sure_ok = a.end;
    if (successes_ >= rise_) {
      event.closed = std::move(open_);
      open_.reset();
      state_ = State::kUp;
      last_ok_ = a.begin;
    }
    return event;
  }
  event.short_failure = failing_.has_value() && state_ == State::kUp;
  failing_.reset();
  failures_ = 0;
  state_ = State::kUp;
  last_ok_ = last_ok_ ? std::max(*last_ok_, a.begin) : a.begin;
  return event;
}

OutageWatch::Event OutageWatch::Fail(const Attempt& a) {
  if (state_ == State::kDown) {
    open_->mixed = open_->mixed || successes_ > 0;
    successes_ = 0;
    open_->last_fail = std::max(open_->last_fail, a.begin);
    open_->first_ok.reset();
    open_->sure_ok.reset();
    return {};
  }
  if (!failing_) failing_ = Outage{last_ok_, a.end, a.begin, std::nullopt, likely_ok_};
  failing_->last_fail = a.begin;
  if (++failures_ < fall_) return {};
  open_ = std::move(failing_);
  failing_.reset();
  failures_ = successes_ = 0;
  state_ = State::kDown;
  return {.opened = true, .closed = {}, .short_failure = false};
}

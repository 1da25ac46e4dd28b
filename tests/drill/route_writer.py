"""A client without a pool: a new session through the port for writing for each row, every 20 ms."""
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg2

import ground_truth

EVERY_S = 0.02     # on average
MOST_AT_ONCE = 48  # sessions; a stuck one delays no other until then
RISE = 10          # successes in a row that end an outage, as the exporter's kRise (routes.cc)
INSERT = "insert into app.rows values (%s, clock_timestamp())"


@dataclass
class Attempt:
    begin: float  # CLOCK_MONOTONIC
    end: float
    state: str    # ok, wrong_role, failed


class RouteWriter:
    def __init__(self, lab):
        self.lab = lab
        self.attempts = []
        self.skipped = 0  # for want of a free session
        self.over = threading.Event()
        self.free = threading.Semaphore(MOST_AT_ONCE)
        self.pool = ThreadPoolExecutor(MOST_AT_ONCE)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.over.set()
        self.thread.join()
        self.pool.shutdown()
        self.attempts.sort(key=lambda attempt: attempt.begin)

    def run(self):
        due = time.monotonic()
        while not self.over.wait(max(0.0, due - time.monotonic())):
            if self.free.acquire(blocking=False):
                self.pool.submit(self.attempt)
            else:
                self.skipped += 1
            # In step with another client each would always get the same server of HAProxy's turns.
            due = max(due + EVERY_S * random.uniform(0.5, 1.5), time.monotonic() - 1)

    def attempt(self):
        begin = time.monotonic()
        state = self.write()
        self.attempts.append(Attempt(begin, time.monotonic(), state))
        self.free.release()

    def write(self):
        connection = None
        try:
            connection = self.lab.session(self.lab["HAPROXY_RW_PORT"], "app",
                                          self.lab["APP_DATABASE"], sslmode="disable",
                                          options="-c statement_timeout=2000")
            connection.cursor().execute(INSERT, (next(ground_truth.numbers),))
            return "ok"
        except psycopg2.errors.ReadOnlySqlTransaction:
            return "wrong_role"
        except psycopg2.Error:
            return "failed"
        finally:
            if connection:
                connection.close()

    def outage(self, since):
        """The longest one after `since`: least, best and most seconds. An attempt proves something of
        some moment between its begin and its end."""
        outages, last_ok, first, last, rising = [(0.0, 0.0, 0.0)], None, None, None, []
        for attempt in self.attempts:
            if attempt.state != "ok":
                first, last, rising = first or attempt, attempt, []
                continue
            rising.append(attempt)
            if first and len(rising) == RISE and first.begin > since:
                outages.append((last.begin - first.end,
                                rising[0].begin - first.begin, rising[0].end - last_ok.begin))
            if len(rising) >= RISE:
                first = None
            if not first:
                last_ok = attempt
        return max(outages, key=lambda outage: outage[1])

    def gap(self, since):
        """The longest time between two rows, as a client feels it that tries again and again."""
        ends = sorted(a.end for a in self.attempts if a.state == "ok" and a.end > since)
        return max((b - a for a, b in zip(ends, ends[1:])), default=0.0)

    def seconds(self, state):
        """Each attempt stands for the time until the next one."""
        return sum(b.begin - a.begin for a, b in zip(self.attempts, self.attempts[1:])
                   if a.state == state)

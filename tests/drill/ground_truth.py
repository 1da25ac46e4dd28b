"""Who knows the truth: a writer that tries every member, every 20 ms, all the time."""
import itertools
import threading
import time
from dataclasses import dataclass

import psycopg2

EVERY_S = 0.02
numbers = itertools.count(1)


@dataclass
class Attempt:
    member: str
    number: int
    taken: bool
    begin: float  # CLOCK_MONOTONIC, as all but `wall`
    end: float
    wall: float   # of the end


@dataclass
class Outage:
    """A time in which nobody took a row. It took at least `least` and at most `most` seconds."""
    before: Attempt
    after: Attempt
    least: float
    most: float

    @property
    def seconds(self):
        return self.after.end - self.before.end


class Writer:
    """One thread and one session for each member; each row has a number of its own."""

    def __init__(self, lab):
        self.lab = lab
        self.attempts = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(member,), daemon=True)
                        for member in lab.members]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def write(self, member):
        connection = None
        while not self.over.is_set():
            number, begin, taken = next(numbers), time.monotonic(), False
            try:
                connection = connection or self.lab.connect(member, "app", self.lab["APP_DATABASE"])
                with connection.cursor() as cursor:
                    cursor.execute("insert into app.rows values (%s, clock_timestamp())", (number,))
                taken = True
            except psycopg2.Error:
                if connection and connection.closed:
                    connection = None
            end = time.monotonic()
            self.attempts.append(Attempt(member, number, taken, begin, end, time.time()))
            time.sleep(max(0.0, begin + EVERY_S - end))

    def taken(self):
        rows = [attempt for attempt in list(self.attempts) if attempt.taken]
        return sorted(rows, key=lambda attempt: attempt.end)

    def outage(self, since):
        """The longest time without a row that ended after `since`."""
        rows = self.taken()
        pairs = [(a, b) for a, b in zip(rows, rows[1:]) if b.end > since]
        before, after = max(pairs, key=lambda pair: pair[1].end - pair[0].end)
        # What failed meanwhile where the last row was taken, and where the next one was.
        left = [a for a in list(self.attempts) if a.member == before.member and not a.taken
                and before.end <= a.begin and a.end <= after.end]
        arrived = [a for a in list(self.attempts) if a.member == after.member and not a.taken
                   and before.end <= a.begin and a.end <= after.end]
        least = max(0.0, arrived[-1].begin - left[0].end) if left and arrived else 0.0
        return Outage(before, after, least, after.end - before.begin)

    def written(self, number):
        """When the first row after `number` was committed; None if there is none."""
        later = [a for a in self.taken() if a.number > number]
        return later and min((a.begin + a.end) / 2 for a in later) or None

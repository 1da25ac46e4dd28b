"""Who knows the truth: clients that write through Sentinel, and a look at every node, each 20 ms."""
import contextlib
import threading
import time
from dataclasses import dataclass

import redis_servers

EVERY_S = 0.02


@dataclass
class Attempt:
    number: int
    node: str
    taken: bool
    begin: float  # CLOCK_MONOTONIC
    end: float


class Watcher:
    """A thread that does something every 20 ms, without pause for what takes longer."""

    def __init__(self, lab, machine):
        self.lab, self.machine, self.connection = lab, machine, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            begin = time.monotonic()
            self.step(begin)
            time.sleep(max(0.0, begin + EVERY_S - time.monotonic()))

    def stop(self):
        self.over.set()
        self.thread.join()

    def drop(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Client(Watcher):
    """Writes a key of its own each time, where the Sentinels send it; asks them again when a write
    fails, the one first that answered last. It stays where it is as long as its writes are taken.
    One with a `fixed` node asks nobody."""

    def __init__(self, lab, machine=0, fixed=None):
        self.attempts, self.node, self.fixed = [], None, fixed
        self.sentinels = list(redis_servers.SENTINELS)
        if machine:  # its own Sentinel first
            self.sentinels.sort(key=lambda s: s[1] != str(machine))
        self.key = f"drill:{time.monotonic_ns()}:{machine}{fixed}:"
        super().__init__(lab, machine)

    def master(self):
        for sentinel in list(self.sentinels):
            with contextlib.suppress(OSError):
                connection = self.lab.connect(sentinel, self.machine)
                host, port = connection.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
                connection.close()
                return next(n for n in redis_servers.NODES
                            if self.lab.address(n) == (host, int(port)))
            self.sentinels.append(self.sentinels.pop(0))
        return None

    def step(self, begin):
        number, taken = len(self.attempts), False
        try:
            if not self.connection:
                self.node = self.fixed or self.master()
                if self.node:
                    self.connection = self.lab.connect(self.node, self.machine)
            if self.connection:
                taken = self.connection.ask("SET", self.key + str(number), number) == "OK"
        except OSError:
            self.drop()
        self.attempts.append(Attempt(number, self.node, taken, begin, time.monotonic()))

    def taken(self):
        return [a for a in list(self.attempts) if a.taken]

    def outage(self, since):
        """The longest time without a write that ended after `since`: least, best, most seconds."""
        before, failed, after = self.longest(since)
        least = max(0.0, failed[-1].begin - failed[0].end) if failed else 0.0
        return least, after.end - before.end, after.end - before.begin

    def longest(self, since):
        """The last write before it, the attempts that failed, and the first write after it."""
        rows = self.taken()
        before, after = max(((a, b) for a, b in zip(rows, rows[1:]) if b.end > since),
                            key=lambda pair: pair[1].end - pair[0].end)
        return before, self.attempts[before.number + 1:after.number], after

    def late(self, since):
        """By how much at most the first write after it came later than it could have."""
        before, failed, after = self.longest(since)
        return after.end - (failed[-1].begin if failed else before.end)

    def lost(self, master):
        """Writes that were acknowledged, and are not there."""
        connection = self.lab.connect(master, 0, 5)
        return [a for a in self.taken()
                if not connection.ask("EXISTS", self.key + str(a.number))]


class Roles(Watcher):
    """When a node said that it is a master, asked where it stands."""

    def __init__(self, lab, node):
        self.node, self.spans, self.open = node, [], False
        super().__init__(lab, int(node[1]))

    def step(self, begin):
        try:
            self.connection = self.connection or self.lab.connect(self.node, self.machine)
            is_master = self.connection.ask("ROLE")[0] == "master"
        except OSError:
            self.drop()
            is_master = False
        end = time.monotonic()
        if is_master and not self.open:
            self.spans.append([begin, end])
        elif is_master:
            self.spans[-1][1] = end
        self.open = is_master


def two_masters(roles, since):
    """Seconds for which two of them were masters."""
    spans = [(max(begin, since), end, r.node) for r in roles for begin, end in r.spans]
    return sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
               for i, a in enumerate(spans) for b in spans[:i] if a[2] != b[2])

"""What the fake counts as FTL does: since its start, and in slots of ten minutes.

The counters begin at zero with the process, as those of FTL. The slots are what FTL has in its
database: a clean end keeps them.
"""
import collections
import threading
import time

SLOT_SECONDS = 600


class Statistics:
    def __init__(self, first_slot=None, slots=None):
        self.lock = threading.Lock()
        self.started = time.time()
        self.first_slot = first_slot or self.slot_of(self.started)
        # local, forwarded, optimized, unanswered, inserted.
        self.counters = collections.Counter()
        # Slot centre -> total, cached, blocked, forwarded and type, status, reply names.
        self.slots = {int(at): collections.Counter(c) for at, c in (slots or {}).items()}
        self.blocked = set()  # What was answered so once: (name, type).

    @staticmethod
    def slot_of(seconds):
        return int(seconds) // SLOT_SECONDS * SLOT_SECONDS + SLOT_SECONDS // 2

    def count(self, question, how, reply):
        """`how` is blocked, cached, stale, local, forwarded or unanswered."""
        with self.lock:
            counted_as = {"blocked": "local", "cached": "local", "stale": "optimized"}.get(how, how)
            self.counters[counted_as] += 1
            self.counters["forwarded"] += how == "unanswered"
            self.counters["inserted"] += how == "forwarded" and reply == "IP"
            slot = self.slots.setdefault(self.slot_of(time.time()), collections.Counter())
            column = {"stale": "cached", "local": "cached", "unanswered": "forwarded"}.get(how, how)
            status = {"blocked": "GRAVITY", "cached": "CACHE", "local": "CACHE",
                      "stale": "CACHE_STALE"}.get(how, "FORWARDED")
            kind = question.type if not question.type.startswith("TYPE") else "OTHER"
            for key in ("total", column, "types " + kind, "status " + status, "replies " + reply):
                slot[key] += 1
            if how == "blocked":
                self.blocked.add((question.name, question.type))

    def was_blocked(self, question):
        with self.lock:
            return (question.name, question.type) in self.blocked

    def totals(self):
        """All slots of the last 24 hours together."""
        with self.lock:
            oldest = time.time() - 86400
            return sum((c for at, c in self.slots.items() if at > oldest), collections.Counter())

    def snapshot(self):
        with self.lock:
            return collections.Counter(self.counters)

    def kept(self):
        """What a clean end keeps: arguments for the next one."""
        with self.lock:
            slots = {str(at): dict(counts) for at, counts in self.slots.items()}
            return {"first_slot": self.first_slot, "slots": slots}

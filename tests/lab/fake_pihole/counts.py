"""What clients did, for tests to look at: see the script's description of /counts."""
import collections
import threading

MOST_NAMES = 1000  # Of paths and questions; what comes after that is "other".


class Counts:
    def __init__(self):
        self.lock = threading.Lock()
        self.open = {}  # number -> (port's kind, whether its client has gone)
        self.reset()

    def reset(self):
        with self.lock:
            self.requests = collections.Counter()
            self.statuses = collections.Counter()
            self.logins = collections.Counter()
            self.queries = {"udp": collections.Counter(), "tcp": collections.Counter()}
            self.connections = collections.Counter()
            self.most_open = self.most_ports = self.most_seats = 0

    @staticmethod
    def add(counter, key):
        counter[key if key in counter or len(counter) < MOST_NAMES else "other"] += 1

    def request(self, method, path, status):
        with self.lock:
            self.add(self.requests, f"{method} {path}")
            self.statuses[str(status)] += 1

    def login(self, result):
        with self.lock:
            self.logins[result] += 1

    def query(self, question, transport):
        with self.lock:
            self.add(self.queries[transport], f"{question.name} {question.type}")

    def seats(self, now):
        with self.lock:
            self.most_seats = max(self.most_seats, now)

    def opened(self, number, kind, gone):
        with self.lock:
            self.connections[kind] += 1
            self.open[number] = (kind, gone)
            kinds = self.open_kinds()
            self.most_open = max(self.most_open, len(kinds))
            self.most_ports = max(self.most_ports, len(set(kinds)))

    def closed(self, number):
        with self.lock:
            self.open.pop(number, None)

    def open_kinds(self):
        """Those whose client has not closed: what the server has not noticed yet is not open."""
        return [kind for kind, gone in self.open.values() if not gone()]

    def table(self, seats):
        with self.lock:
            kinds = self.open_kinds()
            return {
                "requests": self.requests, "requests_total": sum(self.requests.values()),
                "statuses": self.statuses, "logins": self.logins,
                "connections": self.connections, "connections_open": len(kinds),
                "connections_most_open": self.most_open,
                "ports_most_open": self.most_ports, "seats": seats,
                "seats_most": max(self.most_seats, seats), "queries": self.queries}

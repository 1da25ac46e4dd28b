"""One fake Pi-hole: its parts put together, and what it keeps over a clean restart."""
import json
import os
import signal
import sys

from .answers import Answers
from .api5 import Api5
from .api6 import Api6
from .certificates import Certificates
from .control import Control
from .counts import Counts
from .dns import DnsServer
from .resolver import Resolver
from .sessions import Sessions
from .statistics import Statistics
from .switches import Switches
from .web import WebServer


def take(path):
    """What the last one left, {} if there was none."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, TypeError, ValueError):
        return {}


class Fake:
    """`ports` are {"http": 0, ...}; `directory` keeps state and certificates, None nothing."""

    def __init__(self, ports, values, directory=None):
        self.file = directory and os.path.join(directory, "state.json")
        kept = take(self.file)
        self.switches, self.counts = Switches(values), Counts()
        self.statistics = Statistics(**kept.get("statistics", {}))
        self.sessions = Sessions(self.switches, self.counts, kept.get("seats", ()))
        self.certificates = Certificates(directory) if "https" in ports else None
        self.web = WebServer({kind: ports[kind] for kind in ("http", "https") if kind in ports},
                             self.switches, self.counts, lambda: self.certificates.context)
        urls = [f"{kind}://pi.hole:{port}/api/" for kind, port in self.web.ports.items()]
        resolver = Resolver(self.switches, self.statistics, urls)
        self.dns = DnsServer(ports["dns"], self.switches, resolver, self.counts)
        self.control = Control(ports["control"], self)
        answers = Answers(self.switches, self.statistics, self.web.ports.get("https", 443))
        self.api6 = Api6(self.switches, self.sessions, answers, self.counts)
        self.api5 = Api5(self.switches, self.statistics)
        self.web.answer = self.answer
        self.keep(seats=False)  # Which are lost if we are killed.

    def answer(self, request):
        return (self.api5 if self.switches.v5 else self.api6).answer(request)

    def start(self):
        """Serves; returns the ports."""
        self.web.start()
        self.control.start()
        return {**self.web.ports, "dns": self.dns.port, "control": self.control.port}

    def keep(self, seats):
        if not self.file:
            return
        kept = {"statistics": self.statistics.kept(),
                "seats": self.sessions.kept() if seats else []}
        with open(self.file + ".new", "w", encoding="utf-8", opener=private) as file:
            json.dump(kept, file)
        os.rename(self.file + ".new", self.file)

    def run(self):
        """Until SIGTERM or SIGINT."""
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        self.keep(seats=True)
        sys.stdout.flush()
        os._exit(0)


def private(path, flags):
    return os.open(path, flags, 0o600)

"""What a Pi-hole in the state that the switches say answers to a question."""
import time

from . import message
from .message import Answer

BLOCK_TTL, LOCAL_TTL = 2, 0
LOCAL_NAMES = {"nas.lan": "192.0.2.100", "printer.lan": "192.0.2.101"}
ALIASES = {"files.lan": "nas.lan"}
VERSIONS = {"version.bind": "dnsmasq-pi-hole-v2.92test21", "version.ftl": "v6.4.1-dirty"}
CACHE_SIZE = 10000
UPSTREAM = "10.99.0.1#5353"


class Resolver:
    def __init__(self, switches, statistics, api_urls):
        self.switches, self.statistics, self.api_urls = switches, statistics, api_urls
        self.renewed = {}  # (name, type) -> since when the cache has it from upstream

    def answer(self, question):
        """The answer, or None: none comes. Counted as FTL counts it."""
        answer, how = self.decide(question)
        self.statistics.count(question, how, reply_name(answer, question))
        return answer

    def decide(self, question):
        if question.kind == message.CHAOS:
            return self.chaos(question), "local"
        name = question.name
        if name in ("pi.hole", *LOCAL_NAMES, *ALIASES):
            return self.local(question), "local"
        if self.switches.blocks_now() and name in self.switches.ads:
            return self.blocked(question), "blocked"
        known = self.switches.names.get(name)
        if name in self.switches.ads:
            known = known or ["192.0.2.66", "2001:db8::66"]
        dead = self.switches.upstream != "normal"
        if known and self.switches.cached:
            stale = self.expired(question) or dead
            return self.known(question, known, stale), "stale" if stale else "cached"
        if dead:
            return self.dead_upstream(), "unanswered"
        return self.known(question, known) if known else Answer("NXDOMAIN"), "forwarded"

    def expired(self, question):
        """Whether it is in the cache beyond its time. Whoever asks for it then has it renewed."""
        now, key = time.monotonic(), (question.name, question.type)
        age = now - self.renewed.setdefault(key, now)
        if age >= self.switches.ttl_seconds and self.switches.upstream == "normal":
            self.renewed[key] = now + self.switches.upstream_seconds
        return not 0 <= age < self.switches.ttl_seconds

    def known(self, question, addresses, stale=False):
        of_type = {"A": addresses[:1], "AAAA": addresses[1:2]}.get(question.type, [])
        ttl = 0 if stale else int(self.switches.ttl_seconds)
        return Answer(records=[("", question.type, ttl, address) for address in of_type],
                      ede=(message.STALE, "") if stale else None)

    def dead_upstream(self):
        how = self.switches.upstream
        if how == "refused":
            return Answer("REFUSED", ede=(message.NOT_READY, ""))
        return Answer("SERVFAIL") if how == "servfail" else None

    def local(self, question):
        name = ALIASES.get(question.name, question.name)
        address = LOCAL_NAMES.get(name, self.switches.address)
        records = []
        if name != question.name:
            records.append(("", "CNAME", LOCAL_TTL, name))
        owner = name if records else ""
        if question.type == "A":
            records.append((owner, "A", LOCAL_TTL, address))
        if question.type == "AAAA" and name == "pi.hole":
            records.append((owner, "AAAA", LOCAL_TTL, self.switches.address6))
        return Answer(records=records, authoritative=bool(records))

    def blocked(self, question):
        mode, kind = self.switches.blocking_mode, question.type
        own = {"A": self.switches.address, "AAAA": self.switches.address6}
        addresses = {"NULL": {"A": "0.0.0.0", "AAAA": "::"}, "IP": own,
                     "IP_NODATA_AAAA": {"A": own["A"]}}.get(mode, {})
        records = [("", kind, BLOCK_TTL, addresses[kind])] if kind in addresses else []
        ede = self.switches.ede
        if ede == "recorded":
            ede = "never" if mode == "NULL" and self.statistics.was_blocked(question) else "always"
        return Answer("NXDOMAIN" if mode == "NX" else "NOERROR", records,
                      authoritative=bool(records),
                      ede=(message.BLOCKED, "gravity") if ede == "always" else None)

    def chaos(self, question):
        counters = self.statistics.snapshot()
        texts = {
            "cachesize.bind": [str(CACHE_SIZE)],
            "insertions.bind": [str(counters["inserted"])],
            "evictions.bind": ["0"],
            "hits.bind": [str(counters["local"])],
            "misses.bind": [str(counters["forwarded"])],
            "auth.bind": ["0"],
            "servers.bind": [f"{UPSTREAM} {counters['forwarded']} {counters['unanswered']}"],
            "api.ftl": self.api_urls,
            **{name: [text] for name, text in VERSIONS.items()},
        }.get(question.name)
        if not texts or question.type != "TXT":
            return Answer("REFUSED")
        return Answer(records=[("", "TXT", 0, texts)])


def reply_name(answer, question):
    """How FTL's statistics call the answer."""
    if answer is None:
        return "UNKNOWN"
    if answer.rcode != "NOERROR":
        return answer.rcode
    if not answer.records:
        return "NODATA"
    return {"A": "IP", "AAAA": "IP", "TXT": "BLOB", "CNAME": "CNAME"}[answer.records[0][1]]

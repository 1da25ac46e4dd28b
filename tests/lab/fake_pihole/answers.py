"""The recorded answers of real Pi-holes, with the numbers that must move moved."""
import copy
import json
import os
import time

from .statistics import SLOT_SECONDS

FIXTURES = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                        "..", "..", "pihole", "fixtures")
RECORDED = {path: "nopw_" + path[5:].replace("/", "_") for path in (
    "/api/info/version", "/api/info/ftl", "/api/info/system", "/api/info/sensors",
    "/api/info/database", "/api/info/messages", "/api/info/metrics", "/api/info/login",
    "/api/stats/summary", "/api/stats/upstreams", "/api/history", "/api/dns/blocking",
    "/api/lists", "/api/groups", "/api/domains", "/api/clients", "/api/config")}
# What FTL says with these: HTTP 400 and 500.
STATUSES = {"corruptgravity_lists": 400, "nopw_nogravity_info_version": 500}
loaded = {}


def read(name):
    """A recorded body, parsed; the caller's own copy. FileNotFoundError if there is none."""
    if name not in loaded:
        with open(os.path.join(FIXTURES, name + ".json"), encoding="utf-8") as body:
            loaded[name] = json.load(body)
    return copy.deepcopy(loaded[name])


class Answers:
    def __init__(self, switches, statistics, https_port):
        self.switches, self.statistics, self.https_port = switches, statistics, https_port
        self.live = {
            "/api/info/metrics": self.metrics, "/api/info/ftl": self.ftl,
            "/api/info/login": self.login, "/api/stats/summary": self.summary,
            "/api/stats/upstreams": self.upstreams, "/api/history": self.history,
            "/api/dns/blocking": self.blocking, "/api/lists": self.lists,
            "/api/config": self.config}

    def body(self, path):
        """(status, body) of a path that needs no more than a seat; None if there is no such."""
        if path in self.switches.bodies:
            return 200, copy.deepcopy(self.switches.bodies[path])
        if path.startswith("/api/config/"):
            return self.part_of_config(path.split("/")[3:])
        if path not in RECORDED:
            return None
        name = RECORDED[path].replace("nopw", self.switches.recorded, 1)
        try:
            body = read("v6/" + name)
        except FileNotFoundError:
            name = RECORDED[path]
            body = read("v6/" + name)
        if "error" not in body and path in self.live:
            self.live[path](body)
        return STATUSES.get(name, 200), body

    def part_of_config(self, names):
        whole = part = self.body("/api/config")[1]["config"]
        for name in names:
            if not isinstance(part, dict) or name not in part:
                return 400, {"error": {"key": "bad_request", "message": "Invalid path depth",
                                       "hint": "Use, e.g., DNS"}}
            part = part[name]
        whole = part
        for name in reversed(names):
            whole = {name: whole}
        return 200, {"config": whole}

    def metrics(self, body):
        counters, dns = self.statistics.snapshot(), body["metrics"]["dns"]
        sources = ("local", "forwarded", "optimized", "unanswered", "auth")
        dns["replies"] = {source: counters[source] for source in sources}
        dns["replies"]["sum"] = sum(dns["replies"].values())
        dns["cache"]["inserted"] = counters["inserted"]

    def ftl(self, body):
        counters = self.statistics.snapshot()
        body["ftl"]["uptime"] = (time.time() - self.statistics.started) * 1000
        body["ftl"]["dnsmasq"].update(
            dns_cache_inserted=counters["inserted"], dns_local_answered=counters["local"],
            dns_queries_forwarded=counters["forwarded"], dns_unanswered=counters["unanswered"],
            dns_stale_answered=counters["optimized"])

    def login(self, body):
        body["https_port"] = self.https_port

    def summary(self, body):
        totals, queries = self.statistics.totals(), body["queries"]
        for column in ("total", "blocked", "forwarded", "cached"):
            queries[column] += totals[column]
        queries["percent_blocked"] = 100 * queries["blocked"] / max(queries["total"], 1)
        for key in totals:
            table, _, name = key.partition(" ")
            if name and name in queries[table]:
                queries[table][name] += totals[key]
        if body["gravity"]["last_update"]:
            body["gravity"]["last_update"] = self.switches.gravity_time

    def upstreams(self, body):
        totals = self.statistics.totals()
        columns = {"blocklist": "blocked", "cache": "cached"}
        for upstream in body["upstreams"]:
            upstream["count"] += totals[columns.get(upstream["ip"], "forwarded")]
        body["total_queries"] += totals["total"]
        body["forwarded_queries"] += totals["forwarded"]

    def history(self, body):
        """The recorded day, as if it had ended when the Pi-hole was first started."""
        slots, now = body["history"], self.statistics.slot_of(time.time())
        shift = self.statistics.first_slot - slots[-1]["timestamp"]
        for slot in slots:
            slot["timestamp"] += shift
        while slots[-1]["timestamp"] < now:
            slots.append({"timestamp": slots[-1]["timestamp"] + SLOT_SECONDS, "total": 0,
                          "cached": 0, "blocked": 0, "forwarded": 0})
            slots.pop(0)
        live = self.statistics.kept()["slots"]
        for slot in slots:
            for column, count in live.get(str(slot["timestamp"]), {}).items():
                if column in slot:
                    slot[column] += count

    def blocking(self, body):
        body["blocking"], body["timer"] = self.switches.blocking_now()

    def lists(self, body):
        for entry in body["lists"]:
            entry["date_updated"] = self.switches.gravity_time

    def config(self, body):
        dns, api = body["config"]["dns"], body["config"]["webserver"]["api"]
        dns["blocking"]["mode"] = self.switches.blocking_mode
        dns["blocking"]["active"] = self.switches.blocking_now()[0] != "disabled"
        api["max_sessions"] = self.switches.seats
        body["config"]["webserver"]["session"]["timeout"] = self.switches.validity_seconds

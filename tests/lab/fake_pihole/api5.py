"""The API of Pi-hole 5: one script, whose parameters can be combined in one request."""
import hashlib

from .answers import FIXTURES, read

WITH_TOKEN = ("summaryRaw", "summary", "status", "overTimeData10mins", "topItems",
              "getQuerySources", "topClientsBlocked", "getForwardDestinations", "getQueryTypes",
              "getCacheInfo")
WITHOUT_TOKEN = ("version", "type", "versions")


def text(name):
    with open(f"{FIXTURES}/v5/{name}", "rb") as body:
        return body.read()


def token_of(password):
    """What WEBPASSWORD holds."""
    once = hashlib.sha256(password.encode()).hexdigest()
    return hashlib.sha256(once.encode()).hexdigest()


class Api5:
    def __init__(self, switches, statistics):
        self.switches, self.statistics = switches, statistics

    def answer(self, request):
        """(status, body): bytes as they are, anything else as JSON."""
        if request.path != "/admin/api.php":
            return 404, text("v6_probe.html")
        host = request.headers.get("host", "").partition(":")[0]
        if self.switches.host_check and host not in ("pi.hole", "localhost"):
            return 200, text("host_check_failed.txt")
        given = request.query.get("auth", [""])[0]
        admitted = not self.switches.password or given == token_of(self.switches.password)
        allowed = WITHOUT_TOKEN + (WITH_TOKEN if admitted else ())
        body = {}
        for name in request.query:
            if name in allowed:
                body.update(read("v5/" + name))
        self.live(body)
        return 200, body or []  # PHP's empty array.

    def live(self, body):
        if body.get("status") == "enabled" and self.switches.blocking_now()[0] == "disabled":
            body["status"] = "disabled"
        totals = self.statistics.totals()
        columns = {"dns_queries_today": "total", "ads_blocked_today": "blocked",
                   "queries_forwarded": "forwarded", "queries_cached": "cached"}
        for name, column in columns.items():
            if isinstance(body.get(name), int):
                body[name] += totals[column]
        if "gravity_last_updated" in body:
            body["gravity_last_updated"]["absolute"] = self.switches.gravity_time
        for name, column in (("domains_over_time", "total"), ("ads_over_time", "blocked")):
            if name in body:
                body[name] = self.moved(body[name], column)

    def moved(self, slots, column):
        """The recorded slots, as if they had ended when the Pi-hole was first started."""
        kept = self.statistics.kept()
        shift = kept["first_slot"] - max(map(int, slots))
        moved = {str(int(at) + shift): count for at, count in slots.items()}
        for at, counts in kept["slots"].items():
            moved[at] = moved.get(at, 0) + counts.get(column, 0)
        return moved

"""Redis and its Sentinels: the master is killed, frozen, failed over by command, cut off; and it
comes back."""
import time

import measured
import real_servers
import redis_servers
import redis_truth

SERVICE = {"service": "redis", "scope": "mymaster"}
SCOPE = {"master_name": "mymaster"}
MID_ERROR_S, SPLIT_ERROR_S, WRITES_ERROR = 0.5, 0.5, 0.03
ONE_LOOK_S = 0.2       # of the fast pace
SYMMETRIC = ("redis-kill", "redis-hang", "redis-cut")
BEGIN = {"redis-kill": "kill", "redis-hang": "stop", "redis-cut": "cut"}
END = {"redis-kill": "start", "redis-hang": "cont", "redis-cut": "heal"}
DOWN_S = 8.0           # after the failover, before the old master comes back


def ready(lab, exporter):
    """Waits until all is well and the exporter says so at its calm pace; returns its page."""
    lab.do("redis", "wait")

    def well():
        page = exporter.scrape()
        return (page.get("ha_service_up", **SERVICE) == 1
                and page.get("redis_sentinel_failover_possible", **SCOPE) == 1
                and len(page.all("redis_sentinel_node_up", **SCOPE)) == 3) and page
    return real_servers.wait(60, "the exporter sees all", well)


class Truth:
    def __init__(self, lab, name, old):
        self.client = redis_truth.Client(lab)
        # And one that stays on the master's side, or has its address for good.
        self.clients = [self.client]
        if name == "redis-cut":
            self.clients.append(redis_truth.Client(lab, int(old[1])))
        elif name != "redis-failover":
            self.clients.append(redis_truth.Client(lab, fixed=old))
        self.roles = [redis_truth.Roles(lab, node) for node in redis_servers.NODES]
        for client in self.clients:
            real_servers.wait(10, "keys are written", client.taken)

    def stop(self):
        for watcher in self.clients + self.roles:
            watcher.stop()


def two_are_masters(truth):
    return sum(role.open for role in truth.roles) > 1


def until_one_is_left(truth):
    real_servers.wait(40, "two masters", lambda: two_are_masters(truth))
    real_servers.wait(60, "one of them gave way", lambda: not two_are_masters(truth))
    time.sleep(3)


def fault(lab, exporter, name, old, truth, before):
    """All of it; returns the page."""
    if name == "redis-failover":
        lab.do("redis", "failover")
        until_one_is_left(truth)
        return exporter.scrape()
    lab.do("redis", BEGIN[name], old)
    measured.closed(exporter, SERVICE, before)
    time.sleep(DOWN_S)
    lab.do("redis", END[name], old)
    until_one_is_left(truth)
    return exporter.scrape()


def judge_writes(name, lost, low, best, high):
    """Exact while the old master is reachable. Of one that was killed and came back what it took
    before the first look and after the last one is known to nobody."""
    of_a_look = ONE_LOOK_S / redis_truth.EVERY_S
    if name == "redis-kill":
        found, allowed = low, max(WRITES_ERROR * lost, 2 * of_a_look)
    else:
        found, allowed = best, max(WRITES_ERROR * lost, of_a_look)
    if found is None:
        return ["lost writes: not there"]
    if (low or 0) > lost or (high is not None and high < lost):
        return [f"lost writes: {lost} are outside"]
    return [] if abs(found - lost) <= allowed else [f"lost writes: off by {found - lost:.0f}"]


def kind_of(page, before):
    return [labels["kind"] for labels, value in page.all("ha_failovers_total", **SERVICE)
            if value > before.get("ha_failovers_total", **labels)]


def judge_outage(name, page, before, truth, since):
    """truth, low, mid, high; and what is wrong."""
    outage = truth.client.outage(since)
    if name == "redis-failover":
        grown = measured.grown(page, before, "ha_outages_total", **SERVICE)
        return (outage[1], None, None, None), ["an outage that was none"] if grown else []
    seen = measured.bounds(page, "ha_last_outage_seconds", **SERVICE)
    within = max(measured.ONE_WRITE_S, truth.client.late(since))
    return (outage[1], *seen), measured.compare("outage", outage, seen, MID_ERROR_S, within)


def drill(lab, exporter, name):
    before, old = ready(lab, exporter), lab.master()
    truth = Truth(lab, name, old)
    try:
        time.sleep(3)
        since = time.monotonic()
        page = fault(lab, exporter, name, old, truth, before)
    finally:
        truth.stop()
    outage, wrong = judge_outage(name, page, before, truth, since)
    both = redis_truth.two_masters(truth.roles, since)
    counted = measured.grown(page, before, "ha_split_brain_seconds_total", **SERVICE)
    if abs(counted - both) > SPLIT_ERROR_S:
        wrong.append(f"two masters: off by {counted - both:.3f}")
    lost = sum(len(client.lost(lab.master())) for client in truth.clients)
    writes = measured.bounds(page, "redis_sentinel_last_failover_lost_writes", **SCOPE)
    wrong += judge_writes(name, lost, *writes)
    kind = " ".join(kind_of(page, before))
    if kind != ("switchover" if name == "redis-failover" else "failover"):
        wrong.append("the kind is wrong")
    cells = {"redis (s)": name, "kind      ": kind}
    cells.update(zip(("outage", "low", "mid", "high"), outage))
    cells.update({"2 masters": both, "counted": counted, "lost writes": lost})
    cells.update(zip(("low ", "mid ", "high "), (v if v is None else int(v) for v in writes)))
    return measured.show(cells, wrong)


DRILLS = {name: lambda lab, exporter, name=name: drill(lab, exporter, name)
          for name in ("redis-kill", "redis-hang", "redis-failover", "redis-cut")}
ON_MACHINES = ("redis-cut",)

"""Outages of PostgreSQL itself: switchover, loss of the leader's machine, recovery in place."""
import time

import ground_truth
import measured
import real_servers

MID_ERROR_S = 0.5


def inject(lab, name, leader):
    if name == "switchover":
        lab.do("patroni", "switchover")
    elif name == "failover":
        lab.do("patroni", "kill-leader")
    else:
        lab.do("patroni", "kill-postgres", leader)


def expected(name, truth):
    if name == "recovery":
        return "in_place_recovery", "", ""
    return name, truth.before.member, truth.after.member


def drill(lab, exporter, name):
    before, leader = measured.ready(lab, exporter), lab.leader()
    writer = ground_truth.Writer(lab)
    real_servers.wait(10, "rows are written", writer.taken)
    since = time.monotonic()
    inject(lab, name, leader)
    page = measured.closed(exporter, measured.SERVICE, before)
    writer.stop()
    truth = writer.outage(since)
    seen = measured.bounds(page, "ha_last_outage_seconds", **measured.SERVICE)
    said = measured.kind_of(page, before)
    wrong = measured.compare("outage", (truth.least, truth.seconds, truth.most), seen, MID_ERROR_S)
    if said != expected(name, truth):
        wrong.append(f"expected {expected(name, truth)}")
    if name == "failover":
        lab.do("patroni", "start", leader)
    return measured.show({"outage (s)": name, "truth": truth.seconds, "low": seen[0],
                          "mid": seen[1], "high": seen[2], "kind             ": said[0],
                          "from": said[1], "to": said[2]}, wrong)


DRILLS = {name: lambda lab, exporter, name=name: drill(lab, exporter, name)
          for name in ("switchover", "failover", "recovery")}

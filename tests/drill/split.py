"""Two members that take rows at once, and what it costs that one of them has to give way."""
import time

import loss
import measured
import real_servers
import truth_of_wal

SECONDS_ERROR = 0.5
BOTH_S = 8
INCIDENT = {"kind": "timeline_regression", **measured.CLUSTER}


def writable(lab, member):
    return not lab.ask(member, "select pg_is_in_recovery()")[0]


def healed(lab):
    """Whether one follows the other; the cloud site may not."""
    leader = lab.leader()
    return leader and lab.replica() in lab.standbys(leader)


def both_took(writer, members, since):
    """From when to when both took rows."""
    rows = [[row for row in writer.taken() if row.member == member and row.end > since]
            for member in members]
    return max(taken[0].end for taken in rows), min(taken[-1].end for taken in rows)


def lost_by(rows, survived):
    """The rows of one member that are gone, and how long it wrote them."""
    lost = [row for row in rows if row.number not in survived]
    if not lost:
        return lost, (0.0, 0.0, 0.0)
    first, last = lost[0], lost[-1]
    return lost, (last.begin - first.end, last.end - first.begin, last.end - first.begin)


def drill(lab, exporter):
    """The leader's Patroni is frozen: it loses the lock, and its PostgreSQL goes on."""
    before, leader, heir = measured.ready(lab, exporter), lab.leader(), lab.replica()
    writer = loss.write_for(lab, 5)
    first, since = writer.taken()[0].number, time.monotonic()
    lab.do("patroni", "stop", leader, "patroni")
    try:
        real_servers.wait(90, "both take writes", lambda: writable(lab, heir))
        time.sleep(BOTH_S)
        shown = exporter.scrape().get("ha_split_brain", **measured.SERVICE)
    finally:
        lab.do("patroni", "cont", leader, "patroni")
    real_servers.wait(120, "one gave way", lambda: healed(lab))
    time.sleep(5)
    writer.stop()
    page, left = exporter.scrape(), lab.leader()
    begin, end = both_took(writer, (leader, heir), since)
    grown = measured.grown(page, before, "ha_split_brain_seconds_total", **measured.SERVICE)
    wrong = [] if shown == 1 else ["it was not shown while it was"]
    if abs(grown - (end - begin)) > SECONDS_ERROR:
        wrong.append(f"split brain is off by {grown - (end - begin):.3f}")
    survived, loser = truth_of_wal.present(lab, left, first), heir if left == leader else leader
    rows = [row for row in writer.taken() if row.member == loser]
    if left == leader:  # Patroni 3.0.2: the old leader takes the lock back
        count = measured.grown(page, before, "postgres_ha_incidents_total", **INCIDENT)
        lost, seconds = lost_by(rows, survived)
        what, name, labels = "timeline_regression", "postgres_ha_last_incident_lost_", INCIDENT
    else:
        count = measured.grown(page, before, "ha_failovers_total", kind="failover",
                               **measured.SERVICE)
        lost, seconds = loss.lost_rows(rows, survived)
        what, name, labels = "failover", "ha_last_failover_lost_", measured.SERVICE
    seen = measured.bounds(page, name + "seconds", **labels)
    size = page.get(name + "bytes", **labels)
    if count != 1:
        wrong.append(f"{what} counted {count:.0f} times")
    if lost and not size:
        wrong.append("rows are lost, but no bytes")
    wrong += measured.compare("lost seconds", seconds, seen, SECONDS_ERROR)
    return measured.show({"split brain (s)": "split-brain", "truth": end - begin, "counted": grown,
                          "then               ": what, "rows lost": len(lost),
                          "seconds": seconds[1], "low": seen[0], "mid": seen[1], "high": seen[2],
                          "bytes": size}, wrong)


DRILLS = {"split-brain": drill}

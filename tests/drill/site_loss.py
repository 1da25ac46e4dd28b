"""The on-premise site is lost, the cloud takes over, and the old site comes back: two that write."""
import time

import loss
import measured
import outages
import real_servers
import split
import truth_of_wal

SPLIT_ERROR_S = 0.5
LOOKS = 4  # at the growing seconds of split brain, every few seconds


def lose_site(lab):
    lab.do("haproxy", "kill")
    for member in ("pg1", "pg2"):
        lab.do("patroni", "kill", member)


def return_site(lab):
    for member in ("pg1", "pg2"):
        lab.do("patroni", "start", member)
    lab.do("haproxy", "start")


def promoted(lab, exporter, writer, before, leader):
    """The cloud takes over: one outage."""
    since, first = time.monotonic(), writer.taken()[0].number
    timeline = truth_of_wal.writes_at(lab, leader)[0]
    lose_site(lab)
    lab.do("patroni", "promote-cloud")
    measured.closed(exporter, measured.SERVICE, before)
    truth_of_wal.switched_at(lab, "pgc1", timeline)
    time.sleep(5)  # for the exporter to ask for the history too
    page, truth = exporter.scrape(), writer.outage(since)
    seen = measured.bounds(page, "ha_last_outage_seconds", **measured.SERVICE)
    said = measured.kind_of(page, before)
    wrong = measured.compare("outage", (truth.least, truth.seconds, truth.most), seen,
                             outages.MID_ERROR_S)
    if said != ("failover", leader, "pgc1"):
        wrong.append(f"said {said}")
    wrong += holder_is_cloud(page)
    rows = [row for row in writer.taken() if row.member == leader]
    lost_truth = loss.lost_rows(rows, truth_of_wal.present(lab, "pgc1", first))[1]
    lost = measured.bounds(page, "ha_last_failover_lost_seconds", **measured.SERVICE)
    wrong += measured.compare("lost", lost_truth, lost, loss.SECONDS_ERROR)
    return measured.show({"site (s)": "site: lost", "truth": truth.seconds, "low": seen[0],
                          "mid": seen[1], "high": seen[2], "kind     ": said[0], "from": said[1],
                          "to": said[2], "lost": lost_truth[1], "lost low": lost[0],
                          "lost mid": lost[1], "lost high": lost[2]}, wrong)


def holder_is_cloud(page):
    held = [labels["holder"] for labels, value in page.all("ha_active", **measured.SERVICE) if value]
    return [] if held == ["pgc1"] else [f"the holder is {held}"]


def follower_problems(page, old):
    """Of the old site's members beside the cloud's."""
    wrong = holder_is_cloud(page)
    wrong += [f"{name} is negative" for name in ("postgres_ha_replication_lag_seconds",
                                                 "postgres_ha_replication_lag_bytes")
              if any(value < 0 for _, value in page.all(name))]
    if page.get("postgres_ha_member_diverged", member=old) != 1:
        wrong.append(f"{old} is not called diverged")
    if page.get("ha_split_brain", **measured.SERVICE) != 1:
        wrong.append("split brain is not shown")
    return wrong


def counted(exporter, before):
    """The page, and the seconds of split brain since `before`, and when that was."""
    page, at = exporter.scrape(), time.monotonic()
    return page, measured.grown(page, before, "ha_split_brain_seconds_total", **measured.SERVICE), at


def returned(lab, exporter, writer, since):
    """Both sites write: what is counted grows as the truth does."""
    before, wrong = exporter.scrape(), []
    real_servers.wait(120, "the old site writes", lab.leader)
    old = lab.leader()
    time.sleep(5)
    for _ in range(LOOKS):
        time.sleep(4)
        page, grown, at = counted(exporter, before)
        begin = split.both_took(writer, (old, "pgc1"), since)[0]
        if abs(grown - (at - begin)) > SPLIT_ERROR_S:
            wrong.append(f"after {at - begin:.3f} s {grown:.3f} s are counted")
        wrong += follower_problems(page, old)
    follower = "pg1" if old == "pg2" else "pg2"
    states = {f"{what} {m}": page.get(f"postgres_ha_{name}", member=m) for m in (old, follower)
              for what, name in (("lag", "replication_lag_seconds"), ("diverged", "member_diverged"),
                                 ("ahead", "member_ahead_bytes"))}
    return old, before, measured.show({"site (s)": "site: both", "truth": at - begin,
                                       "counted": grown, **states}, list(dict.fromkeys(wrong)))


def fenced(lab, exporter, writer, old, before, since):
    """The old site gives way."""
    for member in ("pg1", "pg2"):
        lab.do("patroni", "kill", member)
    real_servers.wait(20, "no split brain is shown",
                      lambda: exporter.scrape().get("ha_split_brain", **measured.SERVICE) == 0)
    time.sleep(3)
    page, grown, _ = counted(exporter, before)
    time.sleep(3)
    writer.stop()
    begin, end = split.both_took(writer, (old, "pgc1"), since)
    wrong = [] if abs(grown - (end - begin)) <= SPLIT_ERROR_S else ["the seconds are off"]
    if counted(exporter, before)[1] != grown:
        wrong.append("the seconds go on growing")
    kinds = {labels["kind"]: int(value - before.get("postgres_ha_incidents_total", **labels))
             for labels, value in page.all("postgres_ha_incidents_total")
             if value > before.get("postgres_ha_incidents_total", **labels)}
    if kinds not in ({"split_brain": 1}, {"timeline_regression": 1}):
        wrong.append("not one incident")
    kind = next(iter(kinds), "split_brain")
    rows = [row for row in writer.taken() if row.member == old and row.end > since]
    lost_truth = split.lost_by(rows, set())[1]
    lost = measured.bounds(page, "postgres_ha_last_incident_lost_seconds", kind=kind)
    wrong += measured.compare("lost", lost_truth, lost, loss.SECONDS_ERROR)
    return measured.show({"site (s)": "site: fenced", "truth": end - begin, "counted": grown,
                          "incidents             ": kinds, "lost": lost_truth[1],
                          "lost low": lost[0], "lost mid": lost[1], "lost high": lost[2]},
                         wrong + holder_is_cloud(page))


def drill(lab, exporter):
    before, leader = measured.ready(lab, exporter), lab.leader()
    writer = loss.write_for(lab, 5)
    good = promoted(lab, exporter, writer, before, leader)
    since = time.monotonic()
    return_site(lab)
    old, before, grew = returned(lab, exporter, writer, since)
    return fenced(lab, exporter, writer, old, before, since) and grew and good


DRILLS = {"site": drill}

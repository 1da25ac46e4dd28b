"""What a change of leader costs: commits of the old leader that the new one does not have."""
import time

import ground_truth
import measured
import real_servers
import truth_of_wal

SECONDS_ERROR, BYTES_ERROR = 0.5, 0.25
STALLED_S = 2


def lost_rows(rows, survived):
    """The rows that are lost, and how much work that is: least, best and most seconds from the last
    row that is left (the first one that is lost, for the least) to the last one that is lost."""
    lost = [row for row in rows if row.number not in survived]
    if not lost:
        return lost, (0.0, 0.0, 0.0)
    first, last = lost[0], lost[-1]
    left = [row for row in rows if row.number in survived and row.end < first.end][-1]
    return lost, (max(0.0, last.begin - first.end), last.end - left.end, last.end - left.begin)


def write_for(lab, seconds):
    """A writer that has been at it so long that its pace is known."""
    writer = ground_truth.Writer(lab)
    real_servers.wait(10, "rows are written", writer.taken)
    time.sleep(seconds)
    return writer


def measured_loss(page):
    return [measured.bounds(page, f"ha_last_failover_lost_{unit}", **measured.SERVICE)
            for unit in ("seconds", "bytes")]


def judge(said, kind, lost_seconds, lost_bytes, seen):
    wrong = measured.compare("seconds", lost_seconds, seen[0], SECONDS_ERROR)
    wrong += measured.compare("bytes", (lost_bytes, lost_bytes, lost_bytes), seen[1],
                              BYTES_ERROR * lost_bytes)
    return wrong + ([f"expected a {kind}"] if said != kind else [])


def show(name, kind, rows, lost_seconds, lost_bytes, seen, wrong):
    cells = {"loss": name, "kind      ": kind, "rows": len(rows), "seconds": lost_seconds[1]}
    cells.update(zip(("low", "mid", "high"), seen[0]))
    cells["bytes"] = lost_bytes
    cells.update(zip(("low ", "mid ", "high "), (v if v is None else int(v) for v in seen[1])))
    return measured.show(cells, wrong)


def failover(lab, exporter):
    """What the leader wrote in its last two seconds reaches no standby."""
    before, leader, heir = measured.ready(lab, exporter), lab.leader(), lab.replica()
    timeline, position = truth_of_wal.writes_at(lab, leader)
    writer = write_for(lab, 5)
    first = writer.taken()[0].number
    lab.do("patroni", "stop", leader, "walsender")
    time.sleep(STALLED_S)
    lab.do("patroni", "kill", leader)
    measured.closed(exporter, measured.SERVICE, before)
    switched = truth_of_wal.switched_at(lab, heir, timeline)
    writer.stop()
    time.sleep(5)  # for the exporter to ask for the history too
    page = exporter.scrape()
    rows = [row for row in writer.taken() if row.member == leader]
    lost, seconds = lost_rows(rows, truth_of_wal.present(lab, heir, first))
    size = truth_of_wal.written_end(lab, leader, timeline, position) - switched
    lab.do("patroni", "start", leader)
    kind, seen = measured.kind_of(page, before)[0], measured_loss(page)
    wrong = judge(kind, "failover", seconds, size, seen)
    return show("loss", kind, lost, seconds, size, seen, wrong)


def switchover(lab, exporter):
    before, leader, heir = measured.ready(lab, exporter), lab.leader(), lab.replica()
    writer = write_for(lab, 5)
    first = writer.taken()[0].number
    lab.do("patroni", "switchover")
    measured.closed(exporter, measured.SERVICE, before)
    writer.stop()
    time.sleep(12)  # for the history
    page = exporter.scrape()
    rows = [row for row in writer.taken() if row.member == leader]
    lost, seconds = lost_rows(rows, truth_of_wal.present(lab, heir, first))
    kind, seen = measured.kind_of(page, before)[0], measured_loss(page)
    wrong = judge(kind, "switchover", seconds, 0, seen) + (["rows are missing"] if lost else [])
    return show("loss-switchover", kind, lost, seconds, 0, seen, wrong)


DRILLS = {"loss": failover, "loss-switchover": switchover}

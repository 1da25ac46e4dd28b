"""Replication lag beside the truth, and beside what is usually asked."""
import time

import ground_truth
import measured
import real_servers

ERROR_S = 0.3

# What most exporters ask a standby, and what the primary says of it.
USUAL = """select case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
  else extract(epoch from now() - pg_last_xact_replay_timestamp()) end"""
SENDER = """select extract(epoch from replay_lag) from pg_stat_replication
  where application_name = %s"""
LAST_ROW = "select coalesce(max(n), 0) from app.rows"


class Watch:
    """Looks at one standby and compares."""

    def __init__(self, lab, exporter, writer, standby):
        self.exporter, self.writer, self.standby = exporter, writer, standby
        self.rows = lab.connect(standby, database=lab["APP_DATABASE"]).cursor()
        self.sender = lab.connect(lab.leader()).cursor()
        self.worst = 0.0
        self.last = None

    def look(self):
        self.rows.execute(LAST_ROW)
        written = self.writer.written(self.rows.fetchone()[0])
        truth = time.monotonic() - written if written else 0.0
        ours = self.exporter.scrape().get("postgres_ha_replication_lag_seconds",
                                          member=self.standby)
        self.rows.execute(USUAL)
        usual = self.rows.fetchone()[0]
        self.sender.execute(SENDER, (self.standby,))
        sender = self.sender.fetchone()
        if ours is None:
            raise RuntimeError("the exporter shows no lag")
        self.worst = max(self.worst, abs(ours - truth))
        self.last = (truth, ours, usual, sender and sender[0])

    def look_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.1)

    def report(self, name):
        good = self.worst <= ERROR_S
        cells = {"lag (s)": name}
        cells.update(zip(("truth", "ours", "usual SQL", "replay_lag"),
                         (value if value is None else float(value) for value in self.last)))
        cells["our worst error"] = self.worst
        return measured.show(cells, [] if good else ["the error is too big"])


def link_dead(lab, exporter):
    """The link to the cloud site is dead for 20 s while rows are written."""
    measured.ready(lab, exporter)
    writer = ground_truth.Writer(lab)
    real_servers.wait(10, "rows are written", writer.taken)
    watch = Watch(lab, exporter, writer, "pgc1")
    lab.do("patroni", "stop-walreceiver", "pgc1")
    try:
        watch.look_for(20)
    finally:
        lab.do("patroni", "cont-walreceiver", "pgc1")
        writer.stop()
    return watch.report("lag-link")


def replay_paused(lab, exporter):
    """After 30 s without a write replay is paused, and one row is written."""
    measured.ready(lab, exporter)
    # Nothing else may write meanwhile.
    quiet = "alter table app.rows set (autovacuum_enabled = off)"
    lab.ask(lab.leader(), quiet, lab["APP_DATABASE"])
    time.sleep(30)
    replica, writer = lab.replica(), Single(lab)
    lab.do("patroni", "pause-replay", replica)
    try:
        watch = Watch(lab, exporter, writer, replica)
        writer.write()
        watch.look_for(4)
    finally:
        lab.do("patroni", "resume-replay", replica)
    return watch.report("lag-pause")


class Single:
    """A writer of one row."""

    number = 1 << 62  # above all that others write

    def __init__(self, lab):
        self.cursor = lab.connect(lab.leader(), "app", lab["APP_DATABASE"]).cursor()
        self.at = None

    def write(self):
        begin = time.monotonic()
        self.cursor.execute("insert into app.rows values (%s, now())", (self.number,))
        self.at = (begin + time.monotonic()) / 2

    def written(self, number):
        return self.at if number < self.number else None


DRILLS = {"lag-link": link_dead, "lag-pause": replay_paused}

"""The port for writing, as a client meets it that opens a new session for each row."""
import time

import measured
import real_servers
import route_writer

MID_ERROR_S, WRONG_ROLE_ERROR_S = 1.0, 0.5
WRONG_ROLE = {"session": "fresh", "route": "rw", "state": "wrong_role"}
PHASES = ("detect", "elect", "promote", "route")


def drill(lab, exporter, name):
    before, leader = measured.ready(lab, exporter), lab.leader()
    writer = route_writer.RouteWriter(lab)
    real_servers.wait(10, "rows are written", lambda: len(writer.attempts) > 50)
    since = time.monotonic()
    lab.do("patroni", "switchover" if name == "route-switchover" else "kill-leader")
    page = measured.closed(exporter, measured.ROUTE, before)
    time.sleep(2)  # the exporter goes on counting after the edge
    page = exporter.scrape()
    writer.stop()
    if name == "route-failover":
        lab.do("patroni", "start", leader)
    truth, wrong_role = writer.outage(since), writer.seconds("wrong_role")
    seen = measured.bounds(page, "ha_last_outage_seconds", **measured.ROUTE)
    counted = measured.grown(page, before, "postgres_ha_route_state_seconds_total", **WRONG_ROLE)
    wrong = measured.compare("outage", truth, seen, MID_ERROR_S)
    if abs(counted - wrong_role) > WRONG_ROLE_ERROR_S:
        wrong.append(f"wrong_role is off by {counted - wrong_role:.3f}")
    if writer.skipped:
        wrong.append(f"the writer left out {writer.skipped} rows")
    cells = {"route (s)": name, "truth": truth[1], "low": seen[0], "mid": seen[1], "high": seen[2],
             "gap": writer.gap(since), "wrong role": wrong_role, "counted": counted}
    cells.update((phase, page.get("postgres_ha_last_failover_phase_seconds", phase=phase))
                 for phase in PHASES)
    return measured.show(cells, wrong)


DRILLS = {name: lambda lab, exporter, name=name: drill(lab, exporter, name)
          for name in ("route-switchover", "route-failover")}

"""Test 1 (database failover), and a failover that does not happen, as Alertmanager tells of them:
exactly the expected alerts have to fire, in their order and time, and resolve."""
import json
import time
import urllib.request
from dataclasses import dataclass

import loss
import measured
import monitoring
import real_servers
import truth_of_wal

EVENT_WINDOW_S = 60
# A change waits for the scrape that sees it, and for the evaluation after that; then it is told.
SEEN_S = 2 * monitoring.INTERVAL_S
SLACK_S = 5
# Nothing else may be near to firing. What waits for five minutes is meant to see this through.
PENDING_S, PATIENT_S = 60, 300
CALM_S = 4 * monitoring.INTERVAL_S
LOOK_S = 5  # until the exporter has asked Patroni, or tried the route
RTO_S = 120
READ_ROUTE = measured.SERVICE | {"service": "postgres_ro"}


@dataclass
class Expected:
    """An alert whose cause began and ended within these times."""
    name: str
    of: str
    begin: tuple
    end: tuple

    def windows(self, rule):
        """Within which it has to be told, and told to be over."""
        after, keep = rule["duration"], rule["keepFiringFor"]
        return ((self.begin[0] + after, self.begin[1] + after + SEEN_S + SLACK_S),
                (self.end[0] + keep, self.end[1] + keep + SEEN_S + SLACK_S))


def at(moment, *least_and_most):
    """About then, or so many seconds after it."""
    return tuple(moment + seconds for seconds in least_and_most or (0, 0))


def of(labels):
    """Which one, of those with the same name."""
    return " ".join(labels[name] for name in ("service", "target_site", "member", "target")
                    if name in labels)


def calm(watched):
    """Waits until no alert is pending or firing, for a while."""
    began = since = time.monotonic()
    while time.monotonic() - since < CALM_S:
        if not watched.ready() or watched.alerts():
            since = time.monotonic()
        if since - began > 600:
            raise TimeoutError(f"not calm; pending or firing: {watched.alerts() or 'none'}")
        time.sleep(1)
    print(f"calm after {since - began:.0f} s: no alert is pending or firing", flush=True)


def await_told(watched, since, names, seconds):
    """Waits until all of them are told; if they are not, the table shows it."""
    try:
        real_servers.wait(seconds, "told", lambda: names <= {
            row["labels"]["alertname"] for row in watched.history(since) if row["told"]})
    except TimeoutError:
        pass


def put_back(lab, exporter, leader):
    """Starts the old leader; returns when, and when all was well by every account."""
    began = time.time()
    lab.do("patroni", "start", leader)
    measured.ready(lab, exporter)
    real_servers.wait(60, "the port for reading leads to a standby",
                      lambda: exporter.scrape().get("ha_service_up", **READ_ROUTE) == 1)
    return began, time.time()


def promoted(writer, leader):
    """When somebody else took the first row."""
    def others():
        return [row.wall for row in writer.taken() if row.member != leader]
    return real_servers.wait(90, "another member takes rows", others)[0]


def lost_rows(lab, writer, leader):
    """Whether there are any: rare, and then PostgresDataLost is right."""
    rows = [row for row in writer.taken() if row.member == leader]
    return bool(loss.lost_rows(rows, truth_of_wal.present(lab, lab.leader(), rows[0].number))[0])


def paused(lab, now):
    """Whether both members know that Patroni is paused, or that it is not."""
    def knows(member):
        with urllib.request.urlopen(lab[member + "_PATRONI_URL"] + "/patroni", timeout=5) as answer:
            return json.load(answer).get("pause", False) == now
    return knows("PG1") and knows("PG2")


def wrong_with(row, expected, rule):
    """Of when it was told, and told to be over."""
    if not expected and (row["told"] or row["firing"]):
        return ["it should not fire"]
    if not expected:
        lasted = row["pending"][-1] - row["pending"][0]
        near = lasted > PENDING_S and rule["duration"] < PATIENT_S
        return [f"it was pending for {lasted:.0f} s"] if near else []
    wrong = []
    for what, window in zip(("told", "over"), expected.windows(rule)):
        times = row[what]
        if len(times) != 1:
            wrong.append(f"{what} {len(times)} times")
        elif not window[0] <= times[0] <= window[1]:
            wrong.append(f"{what} {times[0] - window[0]:.0f} s after the earliest moment, but"
                         f" within {window[1] - window[0]:.0f} s it should be")
    return wrong


def show(test, row, expected, fault, wrong):
    """A line of the table: seconds after the fault. `seen` is when the last evaluation found it."""
    def first(what):
        return row[what][0] - fault if row[what] else None
    seen = row["pending"] + row["firing"]
    return measured.show({
        "alerts (s)": test, "alert                      ": row["labels"]["alertname"],
        "of                ": of(row["labels"]), "expected": "fires" if expected else "-",
        "pending": first("pending"), "firing": first("firing"),
        "seen": max(seen) - fault if seen else None, "told": first("told"),
        "resolved": first("over")}, wrong)


def table(watched, test, fault, expected, allowed=()):
    """Prints all that was pending or firing since the fault; returns whether it is as expected."""
    rules, history, good = watched.rules(), watched.history(fault), True
    missing = {(one.name, one.of): one for one in expected}
    for row in history:
        name = row["labels"]["alertname"]
        one = missing.pop((name, of(row["labels"])), None)
        wrong = [] if name in allowed else wrong_with(row, one, rules[name])
        good &= show(test, row, one, fault, wrong)
    for one in missing.values():
        row = {"labels": {"alertname": one.name, "service": one.of},
               "pending": [], "firing": [], "told": [], "over": []}
        good &= show(test, row, one, fault, ["never told"])
    told = [row["labels"]["alertname"] for row in history if row["told"]]
    order = [name for name in told if name in {one.name for one in expected}]
    if order != [one.name for one in expected]:
        print(f"FAIL: the order was {', '.join(order)}")
        good = False
    for name, number in watched.failures().items():
        print(f"{name} {number}" + (" FAIL" if number else ""), flush=True)
        good &= not number
    return good


def failover(lab, exporter, watched):
    """Test 1: the leader's machine is lost, and comes back minutes later."""
    leader, writer = lab.leader(), loss.write_for(lab, 5)
    fault = time.time()
    lab.do("patroni", "kill-leader")
    new = promoted(writer, leader)
    print(f"{leader} killed; another member takes rows after {new - fault:.1f} s", flush=True)
    await_told(watched, fault, {"PostgresNoFailoverCandidate"}, 240)
    time.sleep(SEEN_S)
    back = put_back(lab, exporter, leader)
    print(f"{leader} is started after {back[0] - fault:.1f} s, all is well after"
          f" {back[1] - fault:.1f} s", flush=True)
    writer.stop()
    allowed = ("PostgresDataLost",) if lost_rows(lab, writer, leader) else ()
    calm(watched)
    return table(watched, "failover", fault, [
        Expected("PostgresFailover", "postgres", at(new, 0, LOOK_S), at(new + EVENT_WINDOW_S)),
        Expected("PostgresReadRouteDown", "postgres_ro", at(new, 0, LOOK_S), back),
        Expected("PostgresNoFailoverCandidate", "on-premise", at(new, 0, LOOK_S), back)], allowed)


def no_failover(lab, exporter, watched):
    """Patroni is paused when the leader's machine is lost, until the recovery time is missed."""
    lab.do("patroni", "patch", lab["SCOPE"], '{"pause": true}')
    real_servers.wait(30, "Patroni is paused", lambda: paused(lab, True))
    leader, writer = lab.leader(), loss.write_for(lab, 5)
    fault = time.time()
    lab.do("patroni", "kill-leader")
    await_told(watched, fault, {"PostgresNoLeader", "PostgresRtoMissed"}, RTO_S + 60)
    lab.do("patroni", "patch", lab["SCOPE"], '{"pause": false}')
    new = promoted(writer, leader)
    back = put_back(lab, exporter, leader)
    print(f"{leader} killed while Patroni was paused; another member takes rows after"
          f" {new - fault:.1f} s, all is well after {back[1] - fault:.1f} s", flush=True)
    writer.stop()
    allowed = ("PostgresDataLost",) if lost_rows(lab, writer, leader) else ()
    calm(watched)
    over, patience = new + EVENT_WINDOW_S, int(lab["TTL"]) + int(lab["LOOP_WAIT"])
    return table(watched, "no failover", fault, [
        Expected("PostgresNoLeader", "postgres", at(fault, patience, patience + 1), at(new)),
        Expected("PostgresRtoMissed", "postgres", at(fault, RTO_S, RTO_S + 1), at(over)),
        Expected("PostgresRtoMissed", "postgres_rw", at(fault, RTO_S, RTO_S + LOOK_S),
                 at(over, 0, 10)),
        Expected("PostgresFailover", "postgres", at(new, 0, LOOK_S), at(over))], allowed)


def drill(lab, exporter):
    watched = monitoring.Monitoring(lab, exporter, EVENT_WINDOW_S)
    print(f"\nscrapes and evaluations each {monitoring.INTERVAL_S} s; the rules as they are, but an"
          f" event stays an alert for {EVENT_WINDOW_S} s instead of an hour", flush=True)
    try:
        calm(watched)
        good = failover(lab, exporter, watched)
        return no_failover(lab, exporter, watched) and good
    finally:
        watched.close()


DRILLS = {"alerts": drill}

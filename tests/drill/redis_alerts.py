"""Test 2 (Redis failover), a SENTINEL FAILOVER on a busy master, and a failover that cannot happen,
as Alertmanager tells of them: exactly the expected alerts have to fire, in their order and time."""
import time

import alerting
import monitoring
import real_servers
import redis_faults
import redis_truth

EVENT_WINDOW_S = alerting.EVENT_WINDOW_S
RTO_S = 10
AWAY_S = 20    # less than until a replica counts as missing
LATE_S = 4     # until all Sentinels that are left know, or a failover is over
DEMOTED_S = 12  # until the old master is a replica


def put_back(lab, exporter, server):
    """Starts it; returns when, and when all was well by every account."""
    began = time.time()
    lab.do("redis", "start", server)
    redis_faults.ready(lab, exporter)
    return began, time.time()


def taken_again(client, since):
    """When the client's first write after one that failed was taken, as wall time. `since`: by
    CLOCK_MONOTONIC, what came before does not count."""
    def first():
        failed = [a for a in list(client.attempts) if a.begin > since and not a.taken]
        after = [a for a in client.taken() if failed and a.begin > failed[0].begin]
        return after and after[0]
    found = real_servers.wait(60, "writes are taken again", first)
    return time.time() - (time.monotonic() - found.end)


def kill(lab, exporter, watched):
    """The master's machine is lost, and comes back soon."""
    old, client = lab.master(), redis_truth.Client(lab)
    real_servers.wait(10, "keys are written", client.taken)
    fault, since = time.time(), time.monotonic()
    lab.do("redis", "kill", old)
    new = taken_again(client, since)
    print(f"{old} killed; writes are taken again after {new - fault:.1f} s", flush=True)
    time.sleep(AWAY_S)
    back = put_back(lab, exporter, old)
    print(f"{old} is started after {back[0] - fault:.1f} s, all is well after"
          f" {back[1] - fault:.1f} s", flush=True)
    client.stop()
    alerting.calm(watched)
    return alerting.table(watched, "kill", fault, [
        alerting.Expected("RedisFailover", "redis", alerting.at(new, -1, 1),
                          alerting.at(new + EVENT_WINDOW_S, -1, 1))])


def by_command(lab, exporter, watched):
    """SENTINEL FAILOVER while a client writes: it notices nothing, and loses 11 s of writes."""
    client = redis_truth.Client(lab)
    real_servers.wait(10, "keys are written", client.taken)
    fault = time.time()
    lab.do("redis", "failover")
    alerting.await_told(watched, fault, {"RedisWritesLost"}, 90)
    redis_faults.ready(lab, exporter)
    client.stop()
    lost = len(client.lost(lab.master()))
    print(f"SENTINEL FAILOVER: {lost} of {len(client.taken())} writes lost", flush=True)
    alerting.calm(watched)
    over = fault + EVENT_WINDOW_S
    return alerting.table(watched, "by command", fault, [
        alerting.Expected("RedisWritesLost", "", alerting.at(fault, 0, DEMOTED_S),
                          alerting.at(over, 0, DEMOTED_S))])


def impossible(lab, exporter, watched):
    """Two of three Sentinels are gone with the master, until the recovery time is missed."""
    old, fault = lab.master(), time.time()
    for server in ("s1", "s3", old):
        lab.do("redis", "kill", server)
    alerting.await_told(watched, fault, {"RedisNoMaster", "RedisRtoMissed",
                                         "RedisFailoverNotPossible"}, 150)
    began = time.time()
    for server in (old, "s1", "s3"):
        lab.do("redis", "start", server)
    redis_faults.ready(lab, exporter)
    up = began, time.time()
    print(f"two Sentinels and {old} killed; all is well after {up[1] - fault:.1f} s", flush=True)
    alerting.calm(watched)
    over = up[0] + EVENT_WINDOW_S, up[1] + EVENT_WINDOW_S
    return alerting.table(watched, "impossible", fault, [
        alerting.Expected("RedisRtoMissed", "redis", alerting.at(fault, RTO_S, RTO_S + 1), over),
        alerting.Expected("RedisNoMaster", "redis", alerting.at(fault, RTO_S, RTO_S + 1), up),
        alerting.Expected("RedisFailoverNotPossible", "", alerting.at(fault, 0, LATE_S), up)])


def drill(lab, exporter):
    redis_faults.ready(lab, exporter)
    watched = monitoring.Monitoring(lab, exporter, EVENT_WINDOW_S, "redis-sentinel")
    print(f"\nscrapes and evaluations each {monitoring.INTERVAL_S} s; the rules as they are, but an"
          f" event stays an alert for {EVENT_WINDOW_S} s instead of an hour", flush=True)
    try:
        alerting.calm(watched)
        good = [run(lab, exporter, watched) for run in (kill, by_command, impossible)]
        return all(good)
    finally:
        watched.close()


DRILLS = {"redis-alerts": drill}

"""A postmaster that hangs: sessions go on, new ones are never answered, and nobody else notices."""
import os
import time

import measured
import real_servers

NOTICED_WITHIN_S = 20
DIRECT, OF_A_ROUTE = 2, 2  # sessions that the exporter may have
ESTABLISHED = "01"


def inodes(process):
    """Those of its sockets."""
    links = []
    for name in os.listdir(f"/proc/{process}/fd"):
        try:
            links.append(os.readlink(f"/proc/{process}/fd/{name}"))
        except OSError:
            pass  # closed meanwhile
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def sockets(process, port):
    """How many connections the process has to the port."""
    with open(f"/proc/{process}/net/tcp", encoding="ascii") as lines:
        fields = [line.split() for line in lines][1:]
    own = inodes(process)
    return sum(f[3] == ESTABLISHED and int(f[2].split(":")[1], 16) == port and f[9] in own
               for f in fields)


def canary(exporter, leader):
    return exporter.scrape().get("postgres_ha_canary_up", member=leader)


def changed(page, before, leader):
    """What else of the member changed, that should not have."""
    same = [("postgres_ha_member_up", {"member": leader}), ("ha_service_up", measured.SERVICE),
            ("ha_outages_total", measured.SERVICE), ("postgres_ha_patroni_up", {"member": leader})]
    return [f"{name} changed" for name, labels in same
            if page.get(name, **labels) != before.get(name, **labels)]


def backends(lab, leader, seconds):
    """The most sessions that the exporter had within the next seconds."""
    connection, most, end = lab.connect(leader), 0, time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("select count(*) from pg_stat_activity where usename = %s",
                           (lab["EXPORTER_USER"],))
            most = max(most, cursor.fetchone()[0])
            time.sleep(0.01)
    connection.close()
    return most


def drill(lab, exporter):
    before, leader = measured.ready(lab, exporter), lab.leader()
    real_servers.wait(20, "the canary sings", lambda: canary(exporter, leader) == 1)
    begin, most, wrong = time.monotonic(), 0, []
    lab.do("patroni", "stop", leader, "postmaster")
    noticed = None
    try:
        while time.monotonic() < begin + NOTICED_WITHIN_S + 10:
            page = exporter.scrape()
            if page.get("postgres_ha_canary_up", member=leader) == 0 and not noticed:
                noticed = time.monotonic() - begin
            wrong = wrong or changed(page, before, leader)
            most = max(most, sockets(exporter.process.pid, lab.port(leader)))
            time.sleep(0.2)
    finally:
        lab.do("patroni", "cont", leader, "postmaster")
    thawed = time.monotonic()
    behind = backends(lab, leader, 3)
    real_servers.wait(40, "the canary sings again", lambda: canary(exporter, leader) == 1)
    back = time.monotonic() - thawed
    wrong += changed(exporter.scrape(), before, leader)
    if noticed is None or noticed > NOTICED_WITHIN_S:
        wrong.append("noticed too late")
    if most > DIRECT:
        wrong.append(f"more than {DIRECT} direct connections")
    if behind > DIRECT + OF_A_ROUTE:
        wrong.append(f"more than {DIRECT + OF_A_ROUTE} sessions after the thaw")
    return measured.show({"hung": "hung-postmaster", "noticed (s)": noticed, "back (s)": back,
                          "most direct": most, "sessions after": behind}, wrong)


DRILLS = {"hung-postmaster": drill}

"""What processes cost, as the kernel counts it."""
import http.client
import os
import socket
import time

TICK = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """The fields of /proc/PID/stat after the name; proc(5) counts them from 3."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(") ", 1)[1].split()


def cpu_seconds(pid):
    """User and system time so far."""
    fields = stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


def postgres_seconds(lab, member):
    """CPU time of all processes of a server so far, those that ended included."""
    with open(f"{lab.directory}/{member}/data/postmaster.pid", encoding="utf-8") as file:
        postmaster = int(file.readline())
    fields = stat(postmaster)
    ended = (int(fields[13]) + int(fields[14])) / TICK
    with open(f"/proc/{postmaster}/task/{postmaster}/children", encoding="utf-8") as file:
        children = file.read().split()
    return ended + sum(cpu_seconds(pid) for pid in [postmaster, *children])


def cpu_ticks():
    """Ticks of all cores since boot: those that the host gave to others, and all; proc(5)."""
    with open("/proc/stat", encoding="utf-8") as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return ticks[7], sum(ticks)


def stolen_percent(before):
    """What share of the cores' time since then the host of this virtual machine gave to others."""
    stolen, ticks = (now - then for now, then in zip(cpu_ticks(), before))
    return 100 * stolen / max(ticks, 1)


def background(lab, seconds):
    """CPU seconds a second that each server uses while no exporter asks it anything."""
    before = {member: postgres_seconds(lab, member) for member in lab.members}
    time.sleep(seconds)
    return {member: (postgres_seconds(lab, member) - before[member]) / seconds
            for member in lab.members}


def memory_mb(pid):
    """RSS and PSS."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        sizes = {line.split(":")[0]: line.split()[1] for line in file if line.endswith("kB\n")}
    return int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def scrape(port, times, pause=lambda: 0, path="/metrics"):
    """Milliseconds that each scrape took, over one kept connection, and the last page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    took, body = [], b""
    for _ in range(times):
        time.sleep(pause())
        begin = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        took.append(1000 * (time.perf_counter() - begin))
        if answer.status != 200:
            raise RuntimeError(f"HTTP status {answer.status}")
    connection.close()
    return took, body.decode()

"""What the exporter is told to watch, what it says of it, and how a drill prints both."""
import os

import real_servers

SERVICE = {"service": "postgres", "scope": "sentinel"}
ROUTE = {"service": "postgres_rw", "scope": "sentinel"}
CLUSTER = {"pg_cluster": "sentinel"}
ONE_WRITE_S = 0.02  # between two writes of those who know the truth
heads_shown = None


def sites(lab):
    """`clusters` of the configuration: everything that can be watched in the lab."""
    etcd = "', '".join(lab["ETCD_URLS"].split(","))
    return [
        f"{{name: sentinel, site: on-premise, patroni: ['{lab['PG1_PATRONI_URL']}'],"
        f" routes: {{rw: '127.0.0.1:{lab['HAPROXY_RW_PORT']}',"
        f" ro: '127.0.0.1:{lab['HAPROXY_RO_PORT']}'}},"
        f" haproxy: [{{url: 'unix:{lab['HAPROXY_SOCKET']}'}}],"
        f" etcd: {{endpoints: ['{etcd}'], watch: true, scope: {lab['SCOPE']}}}}}",
        f"{{name: sentinel, site: cloud, patroni: ['{lab['PGC1_PATRONI_URL']}']}}"]


def ready(lab, exporter):
    """Waits until all is well, by HAProxy too, and the exporter says so; returns its page."""
    real_servers.wait(120, "the lab is healthy", lab.healthy)
    lab.do("haproxy", "wait")

    def up():
        page = exporter.scrape()
        return all(page.get("ha_service_up", **s) == 1 for s in (SERVICE, ROUTE)) and page
    return real_servers.wait(60, "the exporter sees both services", up)


def closed(exporter, service, before):
    """The page once the service has had one more outage than `before`, and it is over."""
    expected = before.get("ha_outages_total", **service) + 1

    def over():
        page = exporter.scrape()
        return (page.get("ha_service_up", **service) == 1
                and page.get("ha_outages_total", **service) == expected) and page
    return real_servers.wait(150, f"an outage of {service['service']} is over", over)


def bounds(page, name, **labels):
    """A measurement as it is exported: low, best estimate, high; absent ones are None."""
    stem = name.rsplit("_", 1)
    return [page.get(f"{stem[0]}{bound}_{stem[1]}", **labels) for bound in ("_low", "", "_high")]


def compare(what, truth, measured, error, within=ONE_WRITE_S):
    """What is wrong with [low, mid, high]. `truth`: least, best, most. At most `error` may be off. That
    [low, high] and [least, most] overlap is not enough: it must hold the best, which is known
    `within` so much."""
    low, mid, high = measured
    least, best, most = truth
    if None in measured:
        return [f"{what}: not there"]
    wrong = []
    if low > most or high < least:
        wrong.append(f"{what}: the truth, {least:.3f} to {most:.3f}, is outside")
    if low - within > best:
        wrong.append(f"{what}: low, {low:.3f}, is above the truth, {best:.3f}")
    if high + within < best:
        wrong.append(f"{what}: high, {high:.3f}, is below the truth, {best:.3f}")
    if abs(mid - best) > error:
        wrong.append(f"{what}: mid is off by {mid - best:.3f}")
    return wrong


def grown(page, before, name, **labels):
    return (page.get(name, **labels) or 0) - (before.get(name, **labels) or 0)


def kind_of(page, before):
    """What the exporter says that happened, with from and to."""
    for labels, value in page.all("ha_failovers_total", **SERVICE):
        if value > before.get("ha_failovers_total", **labels):
            info = page.all("ha_last_failover_info", **SERVICE)[0][0]
            return info["kind"], info["from"], info["to"]
    for labels, value in page.all("postgres_ha_incidents_total"):
        if value > before.get("postgres_ha_incidents_total", **labels):
            return labels["kind"], "", ""
    return "nothing", "", ""


def text_of(value):
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1e4 else f"{value:.0f}"
    return "-" if value is None else str(value)


def show(cells, wrong):
    """A line of a table, which begins anew when its columns change; returns whether all is right."""
    global heads_shown
    text = [text_of(value) for value in cells.values()]
    widths = [max(len(head), 7) + 2 for head in cells]
    widths[0] = 18
    if heads_shown != list(cells):
        heads_shown = list(cells)
        print("\n" + "".join(h.ljust(w) for h, w in zip(cells, widths)) + "load")
    print("".join(t.ljust(w) for t, w in zip(text, widths)) + f"{os.getloadavg()[0]:.1f}  "
          + ("FAIL: " + "; ".join(wrong) if wrong else "PASS"), flush=True)
    return not wrong

"""A real Prometheus and a real Alertmanager that watch the exporter, and what they tell of."""
import datetime
import http.server
import json
import re
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import real_servers

INTERVAL_S = 15
EVENT_WINDOW = ':event_window_seconds", expr: vector(3600)'
# Nothing is batched or delayed: what arrives is what happened.
ALERTMANAGER = """
route: {receiver: drill, group_by: [alertname], group_wait: 0s, group_interval: 1s,
  repeat_interval: 4h}
receivers: [{name: drill, webhook_configs: [{url: "http://127.0.0.1:%d/", send_resolved: true}]}]
"""
PROMETHEUS = """
global: {scrape_interval: %ds, evaluation_interval: %ds}
rule_files: [%s]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:%d"]}]}]}
scrape_configs: [{job_name: %s, static_configs: [{targets: ["127.0.0.1:%d"]}]}]
"""


class Receiver:
    """The one who is notified: (when, alert as Alertmanager tells it), in order of arrival."""

    def __init__(self):
        told = self.told = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told.extend((time.time(), alert) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Program:
    """One of Prometheus' programs on a free port; it ends with us, whatever happens."""

    def __init__(self, lab, name, config, storage, *options):
        directory = f"{lab.files}/{name}"
        with open(directory + ".yml", "w", encoding="utf-8") as file:
            file.write(config)
        self.log = directory + ".log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", name, f"--config.file={directory}.yml",
                 f"--{storage}={directory}", "--web.listen-address=127.0.0.1:0", *options],
                stdout=log, stderr=log)
        self.port = real_servers.wait(30, f"{name} listens", self.listening)

    def listening(self):
        with open(self.log, encoding="utf-8") as log:
            text = log.read()
        if self.process.poll() is not None:
            raise RuntimeError("it ended: " + text)
        found = re.search(r'msg="Listening on" address=127.0.0.1:(\d+)', text)
        return found and int(found[1])

    def close(self):
        self.process.terminate()
        self.process.wait(30)


class Monitoring:
    """As a deployment has it, but for the time that an event stays an alert. `job`: the exporter's
    name, which is that of its rules."""

    def __init__(self, lab, exporter, event_window_s, job="postgres-ha"):
        self.receiver, self.job = Receiver(), job
        with open(f"{real_servers.ROOT}/alerts/{job}.yml", encoding="utf-8") as file:
            rules = file.read()
        assert rules.count(EVENT_WINDOW) == 1, "the rules have no event window"
        with open(lab.files + "/rules.yml", "w", encoding="utf-8") as file:
            shorter = EVENT_WINDOW.replace("3600", str(event_window_s))
            file.write(rules.replace(EVENT_WINDOW, shorter))
        self.alertmanager = Program(
            lab, "prometheus-alertmanager", ALERTMANAGER % self.receiver.port, "storage.path",
            "--cluster.listen-address=")
        self.prometheus = Program(
            lab, "prometheus", PROMETHEUS % (INTERVAL_S, INTERVAL_S, lab.files + "/rules.yml",
                                             self.alertmanager.port, job, exporter.port),
            "storage.tsdb.path", "--storage.tsdb.retention.time=6h")
        real_servers.wait(30, "Prometheus answers", self.answers)

    def close(self):
        self.prometheus.close()
        self.alertmanager.close()
        self.receiver.server.shutdown()

    def answers(self):
        try:
            return self.rules()
        except urllib.error.HTTPError:  # "Service Unavailable" until it has read its storage
            return None

    def get(self, path, **parameters):
        """`data` of an answer of Prometheus' API."""
        url = (f"http://127.0.0.1:{self.prometheus.port}/api/v1/{path}?"
               + urllib.parse.urlencode(parameters))
        with urllib.request.urlopen(url, timeout=15) as answer:
            return json.load(answer)["data"]

    def rules(self):
        """By name."""
        return {rule["name"]: rule
                for group in self.get("rules")["groups"] for rule in group["rules"]}

    def alerts(self):
        """Names of those that are pending or firing."""
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"]}

    def ready(self):
        """Whether it scrapes, every rule was evaluated without error, and Alertmanager is known."""
        return (self.get("query", query=f'up{{job="{self.job}"}} == 1')["result"]
                and all(rule["health"] == "ok" for rule in self.rules().values())
                and self.get("alertmanagers")["activeAlertmanagers"])

    def failures(self):
        """Evaluations that failed, notifications that did not arrive: nobody would have noticed."""
        url = f"http://127.0.0.1:{self.prometheus.port}/metrics"
        page = real_servers.Page(urllib.request.urlopen(url, timeout=15).read().decode())
        return {name: int(sum(value for _, value in page.all(name)))
                for name in ("prometheus_rule_evaluation_failures_total",
                             "prometheus_notifications_dropped_total",
                             "prometheus_notifications_errors_total")}

    def history(self, since):
        """Each alert that was pending or firing, in order: its labels, all evaluations that found
        it pending and firing, and when Alertmanager told of each of its beginnings and ends."""
        found = {}

        def of(labels):
            key = frozenset(labels.items() - {("__name__", "ALERTS"), ("alertstate", "pending"),
                                              ("alertstate", "firing")})
            return found.setdefault(key, {"labels": dict(key), "pending": [], "firing": [],
                                          "told": {}, "over": {}})
        window = int(time.time() - since) + 1
        for series in self.get("query", query=f"ALERTS[{window}s]")["result"]:
            times = [at for at, _ in series["values"] if at >= since]
            if times:
                of(series["metric"])[series["metric"]["alertstate"]] += times
        for at, alert in list(self.receiver.told):
            # Ends are told again for a quarter of an hour, whenever there is something to tell.
            if datetime.datetime.fromisoformat(alert["startsAt"]).timestamp() >= since:
                what = "told" if alert["status"] == "firing" else "over"
                of(alert["labels"])[what].setdefault(alert["startsAt"], at)
        rows = [row | {"told": sorted(row["told"].values()), "over": sorted(row["over"].values())}
                for row in found.values()]
        return sorted(rows, key=lambda row: min(row["told"] or [2 * since] + row["pending"]))

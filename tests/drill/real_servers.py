"""The lab, the exporter and its page, for the drill and the bench."""
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

import psycopg2

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(ROOT, "tests", "lab")


def wait(seconds, what, condition):
    """Asks until it is so, and returns what it said."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


class AnyLab:
    """A lab of its own, which ends with this process whatever happens (tests/lab/SCRIPT)."""

    script = None

    def __init__(self):
        os.environ["LAB_PARENT"] = str(os.getpid())
        self.files = tempfile.mkdtemp(prefix=self.script + "-")
        os.chmod(self.files, 0o755)
        self.directory = os.path.join(self.files, "lab")
        self.do(self.script, "up")
        with open(self.directory + "/lab.env", encoding="utf-8") as lines:
            self.values = dict(line.rstrip("\n").split("=", 1) for line in lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.do(self.script, "down")
        shutil.rmtree(self.files, ignore_errors=True)

    def __getitem__(self, key):
        return self.values["LAB_" + key]

    def do(self, script, verb, *words):
        command = [os.path.join(LAB, script), verb, self.directory, *words]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def port(self, member):
        return int(self[member.upper() + "_PORT"])

    def secret(self, role):
        with open(self[role.upper() + "_PASSWORD_FILE"], encoding="utf-8") as file:
            return file.read()


class Lab(AnyLab):
    script = "postgres-ha"
    members = ("pg1", "pg2", "pgc1")

    def postgres_bin(self):
        command = f". {LAB}/lib.sh && lab_postgres_bin"
        return subprocess.run(["bash", "-c", command], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.strip()

    def connect(self, member, role="superuser", database="postgres"):
        return self.session(self.port(member), role, database, application_name="drill",
                            tcp_user_timeout=2000)

    def session(self, port, role, database, **options):
        """A new session to whatever listens there."""
        user = self["SUPERUSER"] if role == "superuser" else self[role.upper() + "_USER"]
        connection = psycopg2.connect(host="127.0.0.1", port=port, user=user,
                                      password=self.secret(role), dbname=database,
                                      connect_timeout=2, **options)
        connection.autocommit = True
        return connection

    def ask(self, member, sql, database="postgres"):
        """The first row."""
        connection = self.connect(member, database=database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchone() if cursor.description else None
        finally:
            connection.close()

    def leader(self):
        for member in ("pg1", "pg2"):
            try:
                if not self.ask(member, "select pg_is_in_recovery()")[0]:
                    return member
            except psycopg2.Error:
                pass
        return None

    def replica(self):
        return "pg2" if self.leader() == "pg1" else "pg1"

    def standbys(self, leader):
        """Who streams from it."""
        try:
            rows = self.ask(leader, "select array_agg(application_name) from pg_stat_replication"
                                    " where state = 'streaming'")
        except psycopg2.Error:
            return set()
        return set(rows[0] or ())

    def healthy(self):
        """Whether the leader leads and both others stream from it."""
        leader = self.leader()
        return leader and self.standbys(leader) == set(self.members) - {leader}


class Page:
    """A page of metrics: get(name, label=value...) is the value of the one such sample, or None."""

    sample = re.compile(r'(\w+)(?:\{(.*)\})? (\S+)$')
    label = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            found = self.sample.match(line)
            if found and not line.startswith("#"):
                labels = dict(self.label.findall(found[2] or ""))
                self.samples.append((found[1], labels, float(found[3])))

    def all(self, name, **labels):
        return [(found, value) for sample, found, value in self.samples
                if sample == name and labels.items() <= found.items()]

    def get(self, name, **labels):
        found = self.all(name, **labels)
        return found[0][1] if len(found) == 1 else None


class Program:
    """An exporter with that configuration. `within`: words of a command that runs it."""

    def __init__(self, lab, program, config, name="exporter", within=()):
        file_name = f"{lab.files}/{name}.yml"
        with open(file_name, "w", encoding="utf-8") as file:
            file.write(config)
        self.log = f"{lab.files}/{name}.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*within, program, "--config.file=" + file_name,
                 "--web.listen-address=127.0.0.1:0"], stderr=log)
        self.port = wait(10, "the exporter listens", self.listening)

    def listening(self):
        with open(self.log, encoding="utf-8") as log:
            text = log.read()
        if self.process.poll() is not None:
            raise RuntimeError("the exporter ended: " + text)
        found = re.search(r"msg=listening .*port=(\d+)", text)
        return found and int(found[1])

    def scrape(self):
        url = f"http://127.0.0.1:{self.port}/metrics"
        return Page(urllib.request.urlopen(url, timeout=15).read().decode())

    def close(self):
        self.process.terminate()
        self.process.wait(15)


class Exporter(Program):
    """The program under test, watching both sites of the lab (or what `clusters` says)."""

    def __init__(self, lab, program, clusters=None, name="exporter", more=""):
        clusters = clusters or [
            f"{{name: sentinel, site: on-premise, patroni: ['{lab['PG1_PATRONI_URL']}']}}",
            f"{{name: sentinel, site: cloud, patroni: ['{lab['PGC1_PATRONI_URL']}']}}"]
        config = (f"defaults: {{user: {lab['EXPORTER_USER']},"
                  f" password_file: {lab['EXPORTER_PASSWORD_FILE']}}}\n{more}clusters:\n"
                  + "".join(f"  - {cluster}\n" for cluster in clusters))
        super().__init__(lab, program, config, name)


def exporter_program(argument, name="postgres-ha-exporter"):
    """The program to test: as given, or of the usual build directory."""
    program = argument or os.path.join(ROOT, "build", name)
    if not os.access(program, os.X_OK):
        raise SystemExit(f"{program}: no such program; build it, or say --exporter FILE")
    return os.path.realpath(program)

"""The Redis lab, a client's connection to its servers, and the exporter that watches it."""
import contextlib
import ctypes
import os
import socket

import real_servers

CLONE_NEWNET = 0x40000000
NODES, SENTINELS = ("r1", "r2", "r3"), ("s1", "s2", "s3")
libc = ctypes.CDLL(None, use_errno=True)


def enter(network):
    """This thread's sockets are of that network namespace from now on."""
    descriptor = os.open(network, os.O_RDONLY)
    try:
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), network)
    finally:
        os.close(descriptor)


class Lab(real_servers.AnyLab):
    """On 127.0.0.1, or on machines that can be cut off."""

    script = "redis"

    def __init__(self, machines=False):
        os.environ["LAB_MACHINES"] = "1" if machines else ""
        super().__init__()

    @contextlib.contextmanager
    def machine(self, number):
        """What this thread opens is opened there."""
        if not self["MACHINES"]:
            yield
            return
        home = f"/proc/self/task/{libc.gettid()}/ns/net"
        before = os.open(home, os.O_RDONLY)
        enter(self[f"MACHINE{number}"])
        try:
            yield
        finally:
            libc.setns(before, CLONE_NEWNET)
            os.close(before)

    def address(self, server):
        return self["HOST" + server[1]], self.port(server)

    def name(self, server):
        """As the exporter calls it."""
        return "{}:{}".format(*self.address(server))

    def connect(self, server, machine=0, timeout_s=0.15):
        role = "sentinel_app" if server[0] == "s" else "redis_app"
        with self.machine(machine):
            return Connection(self.address(server), self["APP_USER"], self.secret(role), timeout_s)

    def master(self):
        """Whom the Sentinels of the observer's side send clients to."""
        for sentinel in SENTINELS:
            with contextlib.suppress(OSError):
                connection = self.connect(sentinel)
                host, port = connection.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
                return next(n for n in NODES if self.address(n) == (host, int(port)))
        return None


class Refused(OSError):
    """The server answered with an error."""


class Connection:
    """RESP over a socket, one command at a time. Every way to fail is an OSError."""

    def __init__(self, address, user, password, timeout_s):
        self.socket = socket.create_connection(address, timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.ask("AUTH", user, password)

    def close(self):
        self.file.close()
        self.socket.close()

    def ask(self, *words):
        encoded = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(encoded) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server hung up")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise Refused(text)
        if kind == b"*":
            return [self.reply() for _ in range(int(text))]
        if kind == b"$":
            return self.file.read(int(text) + 2)[:-2].decode() if text != "-1" else None
        return int(text) if kind == b":" else text


class Exporter(real_servers.Program):
    """It is told of one Sentinel, and stands on machine 0."""

    def __init__(self, lab, program):
        self.lab = lab
        user = f"{{user: {lab['EXPORTER_USER']}, password_file: "
        config = (f"deployments:\n  - name: drill\n    sentinels: '{lab.name('s2')}'\n"
                  f"    sentinel_auth: {user}{lab['SENTINEL_EXPORTER_PASSWORD_FILE']}}}\n"
                  f"    redis_auth: {user}{lab['REDIS_EXPORTER_PASSWORD_FILE']}}}\n")
        within = ("nsenter", "--net=" + lab["MACHINE0"]) if lab["MACHINES"] else ()
        super().__init__(lab, program, config, within=within)

    def scrape(self):
        with self.lab.machine(0):
            return super().scrape()

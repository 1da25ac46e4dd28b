"""A client of the fake Pi-hole for its tests: it shares no code with it."""
import http.client
import json
import os
import socket
import struct
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
ADS, GOOD = "ads.google.com", "google.com"


def recorded(name):
    with open(f"{HERE}/../pihole/fixtures/{name}", encoding="utf-8") as file:
        return file.read()


class FakePihole:
    """The program, with no delay at a login unless told; it ends with this process."""

    def __init__(self, case, *options, **switches):
        self.case = case
        switches = {"login_seconds": 0, **switches}
        self.process = subprocess.Popen(
            [HERE + "/fake-pihole", *map(str, options), "--set", json.dumps(switches)],
            stdout=subprocess.PIPE, text=True,
            env={**os.environ, "LAB_PARENT": str(os.getpid())})
        case.addCleanup(self.process.stdout.close)
        case.addCleanup(self.process.wait)
        case.addCleanup(self.process.kill)
        words = self.process.stdout.readline().split()
        self.ports = {name: int(port) for name, port in (word.split("=") for word in words)}

    def connect(self, timeout_s=5):
        return http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=timeout_s)

    def ask(self, path, sid="", method="GET", body=None, connection=None, headers=None):
        """(status, parsed body or the bytes of what is no JSON)"""
        own = connection or self.connect()
        if connection:
            self.case.addCleanup(connection.close)
        headers = {**(headers or {}), **({"X-FTL-SID": sid} if sid else {})}
        try:
            own.request(method, path, None if body is None else json.dumps(body), headers)
            response = own.getresponse()
            data = response.read()
        finally:
            if not connection:
                own.close()
        try:
            return response.status, json.loads(data)
        except ValueError:
            return response.status, data

    def login(self, password, **more):
        """(status, SID or the error's key)"""
        status, body = self.ask("/api/auth", method="POST", body={"password": password, **more})
        return status, body["error"]["key"] if "error" in body else body["session"]["sid"]

    def control(self, method, path, body=None):
        control = http.client.HTTPConnection("127.0.0.1", self.ports["control"], timeout=5)
        control.request(method, path, json.dumps(body))
        response = control.getresponse()
        answer = response.status, json.loads(response.read())
        control.close()
        return answer

    def tell(self, **switches):
        status, answer = self.control("POST", "/state", switches)
        assert status == 200, answer

    def counts(self):
        return self.control("GET", "/counts")[1]

    def dns(self, name, kind="A", tcp=False, of_class=1, timeout_s=5, edns=True):
        """The answer as Dns. TimeoutError, ConnectionRefusedError: there is none."""
        question = query(name, kind, of_class, edns)
        how = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, how) as client:
            client.settimeout(timeout_s)
            client.connect(("127.0.0.1", self.ports["dns"]))
            client.sendall(struct.pack("!H", len(question)) * tcp + question)
            return Dns(client.recv(4096)[2 * tcp:])

    def chaos(self, name):
        return self.dns(name, "TXT", of_class=3).texts


TYPES = {"A": 1, "TXT": 16, "AAAA": 28, "HTTPS": 65}


def query(name, kind, of_class=1, edns=True):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    head = struct.pack("!6H", 4711, 0x0100, 1, 0, 0, int(edns))
    opt = b"\0" + struct.pack("!2HIH", 41, 1232, 0, 0) if edns else b""
    return head + labels + b"\0" + struct.pack("!2H", TYPES[kind], of_class) + opt


class Dns:
    """An answer: id, rcode, authoritative, truncated, ttl, addresses, texts, ede (code, text)."""

    def __init__(self, data):
        self.raw = data
        self.addresses, self.texts, self.ttl, self.ede = [], [], None, None
        if len(data) < 12:
            return
        self.id, flags, _, answers, _, extra = struct.unpack_from("!6H", data)
        self.rcode = flags & 15
        self.authoritative, self.truncated = bool(flags & 0x0400), bool(flags & 0x0200)
        at = self.skip_name(12) + 4
        for _ in range(answers + extra):
            at = self.record(self.skip_name(at))

    def skip_name(self, at):
        while self.raw[at]:
            if self.raw[at] >= 0xC0:
                return at + 2
            at += 1 + self.raw[at]
        return at + 1

    def record(self, at):
        kind, _, ttl, length = struct.unpack_from("!2HIH", self.raw, at)
        data = self.raw[at + 10:at + 10 + length]
        if kind == 41 and length:
            self.ede = (struct.unpack_from("!H", data, 4)[0], data[6:].decode())
        elif kind in (1, 28):
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            self.addresses.append(socket.inet_ntop(family, data))
            self.ttl = ttl
        elif kind == 16:
            while data:
                self.texts.append(data[1:1 + data[0]].decode())
                data = data[1 + data[0]:]
        return at + 10 + length

"""One connection of a client to the web server: requests, and answers with their faults."""
import json
import os
import socket
import struct
import time

from .answers import read
from .request import Request

REASONS = {200: "OK", 204: "No Content", 308: "Permanent Redirect", 400: "Bad Request",
           401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests",
           500: "Internal Server Error"}
HEADERS = """Cache-Control: no-cache, no-store, must-revalidate, private, max-age=0
Expires: 0
Pragma: no-cache
X-DNS-Prefetch-Control: off
Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;
X-Frame-Options: DENY
X-XSS-Protection: 0
X-Content-Type-Options: nosniff
Referrer-Policy: strict-origin-when-cross-origin
Access-Control-Allow-Headers: *
Access-Control-Allow-Methods: *""".split("\n")
HEADERS_5 = ["X-Powered-By: PHP/8.2.36", "Cache-Control: no-store, no-cache, must-revalidate"]


def confused(value):
    """The same names, every value of another type."""
    if isinstance(value, dict):
        return {name: confused(part) for name, part in value.items()} or [1]
    if isinstance(value, list):
        return {"list": len(value)}
    return "7" if isinstance(value, (int, float)) else 7


# What becomes of an answer; those that need the connection are methods of it.
FAULTS = {
    "empty-array": lambda status, body: (200, []),
    "empty": lambda status, body: (200, b""),
    "missing": lambda status, body: (status, {}),
    "wrong-types": lambda status, body: (status, confused(body)),
    "not-json": lambda status, body: (200, b'{"queries":{"total":12,'),
    "html": lambda status, body: (200, b"<html><body>It works!</body></html>"),
    "deep": lambda status, body: (200, b"[" * 1000000 + b"]" * 1000000),
    "ftl-not-running": lambda status, body: (200, read("v5/FTLnotrunning")),
    "500": lambda status, body: (500, read("v6/nopw_nogravity_info_version")),
    "404": lambda status, body: (404, read("v6/not_found")),
    "401": lambda status, body: (401, read("v6/summary_no_sid")),
}
STREAM_FAULTS = ("hang", "half", "slow", "endless", "not-http", "reset")
API_MODES = ("normal", "wedge", "closed", "no-tls", *FAULTS, *STREAM_FAULTS)


class Connection:
    def __init__(self, server, client, address, tls):
        self.server, self.switches = server, server.switches
        self.client, self.address, self.tls = client, address, tls
        self.stream = client.makefile("rb")

    def serve(self):
        alive = True
        while alive:
            begin = time.monotonic()
            request = Request(self.stream, self.address, self.tls)
            in_time = time.monotonic() - begin < self.switches.keep_alive_seconds
            alive = in_time and self.respond(request) and request.keeps_alive()

    def respond(self, request):
        """Whether the connection may live on."""
        if not self.server.moving.is_set():
            self.server.moving.wait()
            raise EOFError  # The restart that healed the server knows nothing of the request.
        begin = time.monotonic()
        faults = self.switches.faults
        fault = faults.get(f"{request.method} {request.path}",
                           faults.get(request.path, self.switches.api))
        if fault in ("hang", "not-http", "reset"):
            self.server.counts.request(request.method, request.path, fault)
            return getattr(self, fault.replace("-", "_"))()
        if self.switches.redirect and not self.tls:
            return self.redirect(request)
        status, body = self.server.answer(request)
        if fault in FAULTS:
            status, body = FAULTS[fault](status, body)
        if isinstance(body, dict) and not self.switches.v5:
            body["took"] = time.monotonic() - begin
        self.server.counts.request(request.method, request.path, status)
        alive = not self.switches.v5 and request.keeps_alive()
        cookie = [f"Set-Cookie: sid={request.sid}; SameSite=Lax; Path=/; HttpOnly"]
        self.send(status, body, alive, fault, cookie if request.sid else [])
        return alive and fault != "half"

    def send(self, status, body, alive, fault, cookie=()):
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        head = [f"HTTP/1.1 {status} {REASONS[status]}"]
        head += HEADERS_5 if self.switches.v5 else HEADERS
        head += cookie
        head.append("Content-Type: application/json; charset=utf-8")
        if not self.switches.v5 and fault != "endless":
            head.append(f"Content-Length: {len(body)}")
        head += [time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
                 "Connection: " + ("keep-alive" if alive else "close")]
        pieces = [line.encode() + b"\r\n" for line in head] + [b"\r\n", body]
        if fault == "half":
            pieces[-1] = body[:len(body) // 2]
        self.write(pieces, fault == "slow")
        while fault == "endless":
            self.client.sendall(b"a" * 65536)

    def write(self, pieces, slowly):
        if not self.switches.segmented:
            pieces = [b"".join(pieces)]
        for piece in pieces:
            if slowly:
                time.sleep(self.switches.slow_seconds)
            if piece:
                self.client.sendall(piece)

    def redirect(self, request):
        self.server.counts.request(request.method, request.path, 308)
        location = f"Location: https://{self.switches.redirect}{request.path}"
        head = ["HTTP/1.1 308 Permanent Redirect", location, "Content-Length: 0",
                "Connection: close", "", ""]
        self.write(["\r\n".join(head).encode()], False)
        return False

    def hang(self):
        """Until the client closes, or the fault is over."""
        while self.switches.api == "hang" or "hang" in self.switches.faults.values():
            self.client.settimeout(0.2)
            try:
                if not self.client.recv(1):
                    break
            except TimeoutError:
                pass
        return False

    def not_http(self):
        self.client.sendall(os.urandom(4096))
        return False

    def reset(self):
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

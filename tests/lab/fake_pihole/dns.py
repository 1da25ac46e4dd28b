"""The DNS server of the fake Pi-hole: UDP and TCP on one port, and the ways to fail."""
import os
import socket
import struct
import threading
import time

import lab_tool
from . import message
from .message import Answer

# What becomes of an answer: bytes in, bytes out (None: nothing is said).
FAULTS = {
    "silent": lambda question, wire: None,
    "refused": lambda question, wire: message.write(question, Answer("REFUSED")),
    "servfail": lambda question, wire: message.write(question, Answer("SERVFAIL")),
    "nxdomain": lambda question, wire: message.write(question, Answer("NXDOMAIN")),
    "nodata": lambda question, wire: message.write(question, Answer()),
    "truncated": lambda question, wire: message.write(question, Answer(), truncated=True),
    "wrong-id": lambda question, wire: struct.pack("!H", question.id ^ 1) + wire[2:],
    "wrong-question": lambda question, wire: wire[:12] + b"\1x" + wire[12:],
    "short": lambda question, wire: wire[:11],
    "cut": lambda question, wire: wire[:-3],
    "empty": lambda question, wire: b"",
    "garbage": lambda question, wire: wire[:2] + os.urandom(200),
}
DNS_MODES = ("normal", "closed", *FAULTS)


class DnsServer:
    def __init__(self, port, switches, resolver, counts):
        self.switches, self.resolver, self.counts = switches, resolver, counts
        self.port, self.holders = hold(port)
        self.udp = self.tcp = None
        self.open()

    def mode(self, transport):
        return (transport == "tcp" and self.switches.dns_tcp) or self.switches.dns

    def open(self):
        """Opens and closes what the switches say; called again when they changed."""
        if self.mode("udp") == "closed":
            self.udp = end(self.udp)
        elif not self.udp:
            self.udp = lab_tool.bind(self.port, socket.SOCK_DGRAM)
            threading.Thread(target=self.serve_udp, args=(self.udp,), daemon=True).start()
        if self.mode("tcp") == "closed":
            self.tcp = end(self.tcp)
        elif not self.tcp:
            self.tcp = lab_tool.bind(self.port)
            self.tcp.listen(32)
            threading.Thread(target=self.serve_tcp, args=(self.tcp,), daemon=True).start()

    def reply(self, data, transport):
        """(delay, bytes or None) for the bytes of a question."""
        try:
            question = message.Question(data)
        except (ValueError, IndexError, struct.error):
            return 0, None
        self.counts.query(question, transport)
        mode = self.switches.dns_names.get(question.name, self.mode(transport))
        delay = self.switches.dns_delay_seconds
        if mode == "truncated" and transport == "tcp":
            mode = "normal"
        if mode == "silent":  # The engine does not even see it.
            return delay, None
        answer = self.resolver.answer(question)
        if answer is None:
            return delay, None
        wire = message.write(question, answer)
        if transport == "udp" and len(wire) > (question.edns or 512):
            wire = message.write(question, answer, truncated=True)
        return delay, FAULTS[mode](question, wire) if mode in FAULTS else wire

    def serve_udp(self, server):
        while True:
            try:
                data, client = server.recvfrom(4096)
            except OSError:
                return
            delay, wire = self.reply(data, "udp")
            if wire is not None and delay:
                threading.Timer(delay, send_udp, (server, wire, client)).start()
            elif wire is not None:
                send_udp(server, wire, client)

    def serve_tcp(self, server):
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_stream, args=(client,), daemon=True).start()

    def serve_stream(self, client):
        with client:
            try:
                stream = client.makefile("rb")
                while len(prefix := stream.read(2)) == 2:
                    delay, wire = self.reply(stream.read(struct.unpack("!H", prefix)[0]), "tcp")
                    time.sleep(delay)
                    if wire is not None:
                        client.sendall(struct.pack("!H", len(wire)) + wire)
            except OSError:
                pass


def send_udp(server, wire, client):
    try:
        server.sendto(wire, client)
    except OSError:
        pass  # Closed meanwhile, or the client is gone.


def hold(port):
    """(port, sockets) that keep the port ours while nobody listens: bound, and never readable.

    A datagram socket that is connected elsewhere gets nothing of what clients send.
    """
    for _ in range(100):
        stream = lab_tool.bind(port) if port else lab_tool.bind_anywhere()
        found = stream.getsockname()[1]
        try:
            datagrams = lab_tool.bind(found, socket.SOCK_DGRAM)
        except OSError:
            stream.close()
            continue
        datagrams.connect(("127.0.0.1", 1))
        return found, (stream, datagrams)
    raise OSError(f"port {port} is taken")


def end(server):
    """Closes a socket that a thread waits for: the thread ends, and so does the socket."""
    if server:
        try:
            server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        server.close()

"""The web server of the fake Pi-hole: one thread accepts, one per connection answers.

It writes as FTL does: each header line and the body is a segment of its own, and Nagle's algorithm
holds all but the first back until the client has acknowledged. A client that delays its
acknowledgements so waits 40 ms for each answer on a connection that it keeps.
"""
import select
import socket
import threading

import lab_tool
from . import connection


class WebServer:
    """`ports` are {"http": port, "https": port}, 0 for a free one; "https" may be missing."""

    def __init__(self, ports, switches, counts, tls_context=None):
        self.switches, self.counts, self.tls_context = switches, counts, tls_context
        self.holders = {kind: lab_tool.bind(port) if port else lab_tool.bind_anywhere()
                        for kind, port in ports.items()}
        self.ports = {kind: holder.getsockname()[1] for kind, holder in self.holders.items()}
        self.answer = None  # Request -> (status, body), set before start().
        self.listeners, self.connections = {}, set()
        self.lock = threading.Lock()
        self.moving = threading.Event()
        self.applied = threading.Event()
        self.waker, self.woken = socket.socketpair()

    def start(self):
        self.apply_now()
        threading.Thread(target=self.serve, daemon=True).start()

    def apply(self):
        """Returns when the switches are in force."""
        self.applied.clear()
        self.waker.send(b"!")
        self.applied.wait(5)

    def apply_now(self):
        wedged, closed = self.switches.api == "wedge", self.switches.api == "closed"
        healed = not wedged and not self.moving.is_set()
        if wedged:
            self.moving.clear()
        if closed or healed:
            # Only a restart heals a wedged one: nobody who waited is served.
            self.close_all()
        if not wedged:
            self.moving.set()
        if not closed:
            for kind in self.ports.keys() - self.listeners.keys():
                self.listeners[kind] = lab_tool.bind(self.ports[kind])
                self.listeners[kind].listen(200)

    def close_all(self):
        for listener in self.listeners.values():
            listener.close()
        self.listeners = {}
        with self.lock:
            for client in self.connections:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def serve(self):
        while True:
            poller = select.poll()
            poller.register(self.woken, select.POLLIN)
            kinds = {}
            if self.moving.is_set():
                for kind, listener in self.listeners.items():
                    kinds[listener.fileno()] = kind
                    poller.register(listener, select.POLLIN)
            ready = [number for number, _ in poller.poll()]
            if self.woken.fileno() in ready:
                self.woken.recv(1)
                self.apply_now()
                self.applied.set()
                continue
            for number in ready:
                self.accept(kinds[number])

    def accept(self, kind):
        if self.switches.api == "wedge":
            return  # Told, and about to be applied.
        client, (address, _) = self.listeners[kind].accept()
        with self.lock:
            self.connections.add(client)
        self.counts.opened(id(client), kind, gone_test(client.fileno()))
        threading.Thread(target=self.serve_client, args=(client, kind, address),
                         daemon=True).start()

    def serve_client(self, client, kind, address):
        plain = client
        number = id(client)
        try:
            client.settimeout(self.switches.keep_alive_seconds)
            if kind == "https" and self.switches.api != "no-tls":
                client = self.tls_context().wrap_socket(client, server_side=True)
                with self.lock:
                    self.connections.discard(plain)
                    self.connections.add(client)
            connection.Connection(self, client, address, kind == "https").serve()
        except (OSError, EOFError, ValueError):
            pass
        finally:
            with self.lock:
                self.connections.discard(client)
                self.connections.discard(plain)
            self.counts.closed(number)
            client.close()


def gone_test(descriptor):
    """Whether the client has closed, which its server may not have noticed."""
    poller = select.poll()
    poller.register(descriptor, select.POLLRDHUP)
    return lambda: bool(poller.poll(0))

"""The control port: what tests read and change. JSON over HTTP, one request per connection."""
import json
import socket
import threading

import lab_tool
from .request import Request
from .switches import LOGS_OUT


class Control:
    def __init__(self, port, fake):
        self.fake = fake
        self.listener = lab_tool.bind(port) if port else lab_tool.bind_anywhere()
        self.port = self.listener.getsockname()[1]
        self.listener.listen(32)
        self.lock = threading.Lock()

    def start(self):
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, (address, _) = self.listener.accept()
            with client:
                client.settimeout(5)
                try:
                    self.serve_client(client, address)
                except (OSError, EOFError):
                    pass

    def serve_client(self, client, address):
        status, body = "200 OK", {}
        try:
            body = self.obey(Request(client.makefile("rb"), address))
        except (ValueError, TypeError) as error:
            status, body = "400 Bad Request", {"error": str(error)}
        body = json.dumps(body, sort_keys=True).encode() + b"\n"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n" \
               f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode() + body)
        client.shutdown(socket.SHUT_WR)

    def obey(self, request):
        fake, what = self.fake, (request.method, request.path)
        if what == ("GET", "/counts"):
            return fake.counts.table(fake.sessions.seats_now())
        if what == ("POST", "/reset"):
            fake.counts.reset()
        elif what == ("POST", "/state"):
            self.change(json.loads(request.body or b"{}"))
        elif what != ("GET", "/state"):
            raise ValueError("GET /counts, GET or POST /state, POST /reset")
        return {"state": fake.switches.state, **fake.switches.values}

    def change(self, values):
        fake = self.fake
        fake.switches.set(values)
        changed = {"password", "app_password"} & values.keys()
        if changed or values.get("state") in LOGS_OUT or values.get("logout"):
            fake.sessions.drop_all()
        if values.get("renew_certificates") and fake.certificates:
            fake.certificates.renew()
        fake.dns.open()
        fake.web.apply()


def tell(port, body):
    """POST /state to the control port of another process; its answer, parsed."""
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        data = json.dumps(body).encode()
        client.sendall(b"POST /state HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        return json.loads(client.makefile("rb").read().partition(b"\r\n\r\n")[2])

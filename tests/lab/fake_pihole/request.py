"""HTTP requests: as much as the fake's servers need."""
from urllib.parse import parse_qs, unquote

LONGEST_LINE, LONGEST_BODY = 65536, 1 << 20


class Request:
    def __init__(self, stream, client, tls=False):
        """Reads one; EOFError if the client has closed. ValueError: that was no request."""
        line = stream.readline(LONGEST_LINE)
        if not line:
            raise EOFError
        self.method, target, _ = line.decode("latin-1").split()
        path, _, query = target.partition("?")
        self.path = unquote(path)
        # v5 has parameters without a value.
        self.query = parse_qs(query, keep_blank_values=True)
        self.headers = {}
        while (line := stream.readline(LONGEST_LINE)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name.strip().lower()] = value.strip()
        length = int(self.headers.get("content-length", 0))
        self.body = stream.read(min(length, LONGEST_BODY))
        self.client, self.tls = client, tls
        self.sid = ""  # Of the seat that it has, once that is known.

    def keeps_alive(self):
        return self.headers.get("connection", "").lower() != "close"

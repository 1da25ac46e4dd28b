"""DNS messages (RFC 1035, RFC 6891, RFC 8914): reading a question, writing an answer."""
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28,
         "SRV": 33, "SVCB": 64, "HTTPS": 65, "ANY": 255}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
IN, CHAOS = 1, 3
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
OPT, EDE_OPTION = 41, 15
STALE, NOT_READY, BLOCKED = 3, 14, 15  # Extended errors: info codes.
UDP_SIZE = 1232


class Question:
    """What a client asks. `name` is lower case, no last dot; `edns` is its UDP size or None."""

    def __init__(self, data):
        self.id, self.flags, count, _, _, extra = struct.unpack_from("!6H", data)
        if self.flags & 0x8000 or count != 1:
            raise ValueError("no question")
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]])
            at += 1 + data[at]
        number, self.kind = struct.unpack_from("!2H", data, at + 1)
        self.echo = data[12:at + 5]
        self.name = b".".join(labels).decode("latin-1").lower()
        self.type = TYPE_NAMES.get(number, f"TYPE{number}")
        # The only record that a client adds is OPT, whose name is the root.
        opt = data[at + 5:at + 5 + 11]
        edns = extra == 1 and len(opt) == 11 and opt[:3] == b"\0\0\x29"
        self.edns = struct.unpack_from("!H", opt, 3)[0] if edns else None


class Answer:
    """What is to be said: records are (name or "" for the question's, type, ttl, data)."""

    def __init__(self, rcode="NOERROR", records=(), authoritative=False, ede=None):
        self.rcode, self.records, self.authoritative = rcode, list(records), authoritative
        self.ede = ede  # (info code, text)


def wire_name(name):
    labels = [label.encode("latin-1") for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def wire_data(kind, data):
    if kind == "A":
        return socket.inet_aton(data)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, data)
    if kind == "TXT":
        return b"".join(bytes([len(text)]) + text.encode() for text in data)
    return wire_name(data)


def record(name, kind, of_class, ttl, data):
    wire = wire_data(kind, data)
    owner = wire_name(name) if name else b"\xc0\x0c"
    return owner + struct.pack("!2HIH", TYPES[kind], of_class, ttl, len(wire)) + wire


def opt_record(ede):
    option = b""
    if ede:
        text = ede[1].encode()
        option = struct.pack("!3H", EDE_OPTION, 2 + len(text), ede[0]) + text
    return b"\0" + struct.pack("!2HIH", OPT, UDP_SIZE, 0, len(option)) + option


def write(question, answer, truncated=False):
    """The bytes of the answer; a truncated one has no records. EDNS only if the client has it."""
    records = [] if truncated else answer.records
    edns = question.edns is not None
    flags = 0x8080 | (question.flags & 0x0100) | RCODES[answer.rcode]
    flags |= 0x0400 if answer.authoritative else 0
    flags |= 0x0200 if truncated else 0
    header = struct.pack("!6H", question.id, flags, 1, len(records), 0, int(edns))
    body = b"".join(record(name, kind, question.kind, ttl, data)
                    for name, kind, ttl, data in records)
    return header + question.echo + body + (opt_record(answer.ede) if edns else b"")

"""What the lab's Python tools share: where they listen, and when they end."""
import os
import select
import socket
import sys
import threading


def bind(port, kind=socket.SOCK_STREAM):
    """A socket on 127.0.0.1; port 0 takes a free one. The caller listens."""
    bound = socket.socket(socket.AF_INET, kind)
    # A known port may be held by hold-ports; an unknown one must be nobody's.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port != 0))
    bound.bind(("127.0.0.1", port))
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return bound


def bind_anywhere():
    """A socket on a free port that no client is given by chance, so that it is still free later."""
    for _ in range(10000):
        port = 15000 + int.from_bytes(os.urandom(2), "big") % 17000
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            bound.bind(("127.0.0.1", port))
        except OSError:
            bound.close()
            continue
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return bound
    raise OSError("no free port")


def announce(port):
    """Prints the port, alone on the first line, once the tool is ready."""
    print(port, flush=True)


def end_with_parent():
    """Ends this process with the one that the environment names as LAB_PARENT=PID, if it does."""
    parent = int(os.environ.get("LAB_PARENT") or 0)
    if not parent:
        return
    try:
        handle = os.pidfd_open(parent)
    except ProcessLookupError:
        sys.exit("LAB_PARENT is gone already")

    def wait():
        select.select([handle], [], [])
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()

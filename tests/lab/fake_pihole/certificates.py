"""A certificate authority and a leaf of it, made with openssl, as FTL makes its own: 47 days."""
import os

DAYS = "47"


def run(*words):
    import subprocess  # As ssl below: costs much of our start; most fakes have no TLS.
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=10)


def make(directory, names=("pi.hole", "pi1.hole")):
    """Writes ca.pem, for clients, and leaf.pem with leaf.key for the server to `directory`."""
    path = {name: os.path.join(directory, name)
            for name in ("ca.pem", "ca.key", "leaf.pem", "leaf.key", "leaf.csr", "leaf.ext")}
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("req", "-x509", *key, "-keyout", path["ca.key"], "-out", path["ca.pem"] + ".new",
        "-days", DAYS, "-subj", "/CN=pi.hole CA")
    run("req", "-new", *key, "-keyout", path["leaf.key"], "-out", path["leaf.csr"],
        "-subj", "/CN=" + names[0])
    with open(path["leaf.ext"], "w", encoding="ascii") as extensions:
        extensions.write("subjectAltName=" + ",".join("DNS:" + name for name in names) + "\n")
    run("x509", "-req", "-in", path["leaf.csr"], "-CA", path["ca.pem"] + ".new",
        "-CAkey", path["ca.key"], "-CAcreateserial", "-days", DAYS,
        "-extfile", path["leaf.ext"], "-out", path["leaf.pem"])
    os.rename(path["ca.pem"] + ".new", path["ca.pem"])


class Certificates:
    """The server's context; `renew` gives new connections a new leaf of a new authority."""

    def __init__(self, directory):
        self.directory = directory
        if not os.path.exists(os.path.join(directory, "leaf.pem")):
            make(directory)
        self.load()

    def load(self):
        import ssl
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(self.directory, "leaf.pem"),
                                     os.path.join(self.directory, "leaf.key"))

    def renew(self):
        make(self.directory)
        self.load()

"""Logins and seats, as FTL keeps them."""
import base64
import os
import threading
import time

ATTEMPTS_PER_SECOND = 3


def token():
    return base64.b64encode(os.urandom(16)).decode()[:23]  # As FTL cuts them.


class Sessions:
    """A seat is a dictionary like those of /api/auth/sessions, with its SID and CSRF token."""

    def __init__(self, switches, counts, kept=()):
        self.lock = threading.Lock()
        self.switches, self.counts = switches, counts
        self.seats = {seat["id"]: seat for seat in kept}
        self.failures = []  # When, monotonic.

    def kept(self):
        with self.lock:
            return list(self.seats.values())

    def drop_all(self):
        with self.lock:
            self.seats = {}

    def foreign(self):
        return min(self.switches.foreign_seats, self.switches.seats)

    def valid(self, sid):
        """The seat of that SID, extended; None if there is none. An expired one is still good."""
        with self.lock:
            for seat in self.seats.values():
                if sid and seat["sid"] == sid:
                    seat["last_active"] = int(time.time())
                    seat["valid_until"] = seat["last_active"] + self.switches.validity_seconds
                    return seat
        return None

    def rate_limited(self):
        with self.lock:
            now = time.monotonic()
            self.failures = [at for at in self.failures if at > now - 1]
            return self.switches.rate_limited or len(self.failures) >= ATTEMPTS_PER_SECOND

    def failed(self):
        with self.lock:
            self.failures.append(time.monotonic())

    def take(self, client, user_agent, app, tls):
        """A new seat, or None if all are taken. Seats of the expired are taken over."""
        with self.lock:
            now = int(time.time())
            for number in range(self.foreign(), self.switches.seats):
                seat = self.seats.get(number)
                if seat is None or seat["valid_until"] < now:
                    break
            else:
                return None
            self.seats[number] = seat = {
                "id": number, "sid": token(), "csrf": token(), "app": app, "tls": tls,
                "login_at": now, "last_active": now, "user_agent": user_agent,
                "valid_until": now + self.switches.validity_seconds, "remote_addr": client}
            self.counts.seats(self.in_use(now))
            return seat

    def in_use(self, now):
        """Those of clients; the foreign ones are nobody's."""
        return sum(seat["valid_until"] >= now for seat in self.seats.values())

    def seats_now(self):
        with self.lock:
            return self.in_use(int(time.time()))

    def end(self, sid=None, number=None):
        """Ends the seat with that SID or number; whether there was one."""
        with self.lock:
            for seat in self.seats.values():
                if (sid and seat["sid"] == sid) or seat["id"] == number:
                    del self.seats[seat["id"]]
                    return True
        return False

    def table(self, sid):
        """What /api/auth/sessions says."""
        now = int(time.time())
        foreign = [{"id": number, "sid": "", "app": False, "tls": False, "login_at": now - 60,
                    "last_active": now, "valid_until": now + 1800, "remote_addr": "192.0.2.77",
                    "user_agent": "Mozilla/5.0"} for number in range(self.foreign())]
        return [{
            "id": seat["id"], "current_session": seat["sid"] == sid,
            "valid": True, "tls": {"login": seat["tls"], "mixed": False},
            "login_at": seat["login_at"], "last_active": seat["last_active"],
            "valid_until": seat["valid_until"], "remote_addr": seat["remote_addr"],
            "user_agent": seat["user_agent"], "x_forwarded_for": None, "app": seat["app"],
            "cli": False} for seat in foreign + self.kept()]

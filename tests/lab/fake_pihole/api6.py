"""The API of Pi-hole 6: logins, seats, and the recorded answers behind them."""
import hmac
import json
import re
import time

from . import drift
from .answers import read

OPEN_PATHS = ("/api/info/login", "/api/info/client", "/api/docs")


class Api6:
    def __init__(self, switches, sessions, answers, counts):
        self.switches, self.sessions = switches, sessions
        self.answers, self.counts = answers, counts

    def answer(self, request):
        """(status, body): the body is an object, or None for an empty one."""
        path = request.path
        if path == self.switches.lost_at:
            self.switches.set({"lost_at": ""})
            self.sessions.drop_all()
        if path == "/api/auth":
            handler = {"GET": self.who, "POST": self.login, "DELETE": self.logout}
            if request.method in handler:
                return handler[request.method](request)
        if not path.startswith("/api/"):
            return self.no_page(path)
        if path not in OPEN_PATHS and self.switches.password and not self.seat(request):
            return 401, read("v6/summary_no_sid")
        if path == "/api/auth/sessions":
            return 200, {"sessions": self.sessions.table(self.sid(request))}
        if match := re.fullmatch(r"/api/auth/session/(\d+)", path):
            return self.end_seat(request, int(match[1]))
        found = self.answers.body(path) if request.method == "GET" else None
        if found is None:
            return 404, {"error": {"key": "not_found", "message": "Not found", "hint": path}}
        return found[0], drift.changed(path, found[1], self.switches.drift)

    @staticmethod
    def no_page(path):
        if path == "/admin/api.php":
            return 400, read("v6/legacy_api_php")
        return 404, read("v6/not_found")

    @staticmethod
    def sid(request):
        headers = request.headers
        return headers.get("x-ftl-sid") or headers.get("sid") or request.query.get("sid", [""])[0]

    def seat(self, request):
        seat = self.sessions.valid(self.sid(request))
        request.sid = seat["sid"] if seat else ""
        return seat

    @staticmethod
    def session(valid, message, seat=None, totp=False, validity=-1):
        body = {"valid": valid, "totp": totp, "sid": seat["sid"] if seat else None}
        if seat:
            body["csrf"] = seat["csrf"]
        body.update(validity=validity, message=message)
        return {"session": body}

    def who(self, request):
        if not self.switches.password:
            return 200, read("v6/nopw_auth")
        seat = self.seat(request)
        if seat:
            return 200, self.session(True, "correct password", seat,
                                     validity=self.switches.validity_seconds)
        message = "session unknown" if self.sid(request) else "no SID provided"
        return 401, self.session(False, message, totp=bool(self.switches.totp))

    def login(self, request):
        status, body, result = self.try_login(request)
        self.counts.login(result)
        return status, body

    def try_login(self, request):
        """(status, body, how that counts)"""
        try:
            password = json.loads(request.body or b"{}").get("password")
        except (ValueError, AttributeError):
            return 400, read("v6/auth_login_badjson"), "malformed"
        if not self.switches.password:
            name = "nopw_auth" if password is None else "auth_pw_given_but_none_set"
            return 200, read("v6/" + name), "no password set"
        if password is None:
            return 400, read("v6/auth_login_nopassfield"), "malformed"
        if not password:
            return 401, read("v6/auth_login_empty"), "wrong"
        if self.sessions.rate_limited():
            time.sleep(min(0.25, 1.25 * self.switches.login_seconds))
            return 429, read("v6/auth_rate_limited"), "rate limited"
        return self.verified(request, str(password))

    def verified(self, request, password):
        time.sleep(self.switches.login_seconds)
        right = hmac.compare_digest(password.encode(), self.switches.password.encode())
        app = False
        if not right and self.switches.app_password:
            time.sleep(self.switches.login_seconds)
            app = hmac.compare_digest(password.encode(), self.switches.app_password.encode())
        if not right and not app:
            self.sessions.failed()
            return 401, read("v6/auth_login_wrong"), "wrong"
        if self.switches.totp and not app:
            code = json.loads(request.body).get("totp")
            if str(code) != self.switches.totp:
                self.sessions.failed()
                status, name = (400, "missing") if code is None else (401, "wrong")
                return status, read("v6/auth_totp_" + name), "totp " + name
        return self.seated(request, app)

    def seated(self, request, app):
        seat = self.sessions.take(request.client, request.headers.get("user-agent"), app,
                                  request.tls)
        if not seat:
            return 429, read("v6/auth_seats_exceeded"), "no seat"
        request.sid = seat["sid"]
        message = "app-password correct" if app else "password correct"
        return 200, self.session(True, message, seat,
                                 validity=self.switches.validity_seconds), "right"

    def logout(self, request):
        if self.switches.password and self.sessions.end(sid=self.sid(request)):
            return 204, None
        message = "session unknown" if self.sid(request) else "no SID provided"
        return 401, self.session(False, message, totp=bool(self.switches.totp))

    def end_seat(self, request, number):
        if request.method == "DELETE" and self.sessions.end(number=number):
            return 204, None
        return 404, {"error": {"key": "not_found", "message": "Session not found", "hint": None}}

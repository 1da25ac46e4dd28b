"""What the fake Pi-hole can be told: every switch with its default, and the named states."""
import copy
import time

from .connection import API_MODES
from .dns import DNS_MODES

DEFAULTS = {
    # Web server.
    "api": "normal",            # or a fault of every answer, see FAULTS in web.py; or wedge, closed
    "faults": {},               # the same for one path: {"/api/history": "half"}, or for one
                                # method too: {"POST /api/auth": "half"}
    "bodies": {},               # other JSON for a path: {"/api/lists": {"lists": []}}
    "drift": {},                # {"lists": "disable-first"}, see drift.py
    "v5": False,                # answers as Pi-hole 5 does
    "redirect": "",             # host name: everything is 308 to https there
    "host_check": False,        # v5: "Failed Host Check" unless the request says Host: pi.hole
    "segmented": True,          # every header line and the body a segment, as FTL writes them
    "slow_seconds": 0.1,        # between the pieces of an answer with the fault "slow"
    "keep_alive_seconds": 5,    # an idle connection is closed then
    # Logins.
    "password": "",             # "" is none: everybody may read
    "app_password": "",
    "totp": "",                 # the code that is right now, "" is no second factor
    "seats": 16,
    "foreign_seats": 0,         # taken by others, for ever
    "validity_seconds": 1800,
    "login_seconds": 0.2,       # twice that for an app password
    "rate_limited": False,      # every login is one too many
    "lost_at": "",              # the next request for that path finds all seats gone
    # DNS.
    "dns": "normal",            # or a fault of every answer, see FAULTS in dns.py; or closed
    "dns_tcp": "",              # the same for TCP alone, if it differs
    "dns_names": {},            # the same for one name: {"google.com": "servfail"}
    "dns_delay_seconds": 0,
    "blocking_mode": "NULL",    # NULL, IP_NODATA_AAAA, IP, NX, NODATA
    "ede": "recorded",          # always, never, or as FTL: always but for repeated NULL answers
    "blocks": True,             # what is asked for is compared with gravity
    "upstream": "normal",       # timeout, servfail, refused
    "cached": True,             # the known names are in the cache
    "ttl_seconds": 300,         # until one is stale there, and renewed when it is asked for
    "upstream_seconds": 0.02,   # that takes so long
    "address": "127.0.0.1",     # of pi.hole, and of blocked names in mode IP
    "address6": "::1",
    "names": {"google.com": ["192.0.2.10", "2001:db8::10"],
              "www.google.com": ["192.0.2.11", "2001:db8::11"],
              "example.com": ["192.0.2.12", "2001:db8::12"]},
    "ads": ["ads.google.com", "ads.example", "tracker.example"],
    # What FTL says of itself.
    "recorded": "nopw",         # which bodies: nopw, nopw_nogravity, corruptgravity, dnsfailed
    "blocking": "enabled",      # disabled, failure; disabled ends when its timer does
    "timer_seconds": None,
    "gravity_age_seconds": 6 * 3600,
}

# What belongs to the instance: a named state leaves it as it was last set.
KEPT = ("v5", "segmented", "keep_alive_seconds", "slow_seconds", "password", "app_password",
        "seats", "validity_seconds", "login_seconds", "address", "address6", "names", "ads",
        "drift", "bodies", "blocking_mode", "ede", "gravity_age_seconds")

# stopped, killed and hung are done to the process, from outside.
STATES = {
    "normal": {},
    "api-dead": {"api": "wedge"},
    "gravity-broken": {"recorded": "corruptgravity", "blocks": False},
    "port-taken": {"recorded": "dnsfailed", "blocking": "failure", "dns": "silent"},
    "upstream-dead": {"upstream": "timeout"},
    "blocking-off": {"blocking": "disabled", "blocks": False},
    "blocking-off-timer": {"blocking": "disabled", "blocks": False, "timer_seconds": 300},
    "stale-gravity": {"blocks": False, "gravity_age_seconds": 60},
    "wrong-password": {"password": "changed by somebody else", "app_password": ""},
    "seats-full": {"foreign_seats": 16},
    "rate-limited": {"rate_limited": True},
    "totp": {"totp": "123456", "app_password": ""},
}
# What is no switch, but done once.
COMMANDS = ("state", "logout", "renew_certificates")
# The seats that clients hold go with these, as with every change of a password.
LOGS_OUT = ("wrong-password", "seats-full", "rate-limited", "totp")

CHOICES = {
    "state": STATES, "api": API_MODES, "faults": API_MODES, "dns": DNS_MODES,
    "dns_tcp": ("", *DNS_MODES), "dns_names": DNS_MODES,
    "blocking_mode": ("NULL", "IP_NODATA_AAAA", "IP", "NX", "NODATA"),
    "ede": ("always", "never", "recorded"),
    "upstream": ("normal", "timeout", "servfail", "refused"),
    "recorded": ("nopw", "nopw_nogravity", "corruptgravity", "dnsfailed"),
    "blocking": ("enabled", "disabled", "failure", "unknown"),
}


class Switches:
    """The values in force: `switches.api`. `base` is what a named state starts from."""

    def __init__(self, values):
        self.base = copy.deepcopy(DEFAULTS)
        self.state = "normal"
        self.values = self.base
        self.check(values)
        self.base.update(values)
        self.values = copy.deepcopy(self.base)
        self.started = time.time()
        self.gravity_time = int(self.started - self.gravity_age_seconds)

    def __getattr__(self, name):
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(name) from None

    @staticmethod
    def check(values):
        """ValueError names what is unknown."""
        for key, value in values.items():
            if key not in DEFAULTS and key not in COMMANDS:
                raise ValueError(f"unknown: {key}")
            of_each = value.values() if key in ("faults", "dns_names") else [value]
            if key in CHOICES and not set(of_each) <= set(CHOICES[key]):
                raise ValueError(f"unknown: {key}: {value}")

    def set(self, values):
        """Named state first, if there is one; then the single switches over it."""
        self.check(values)
        fresh = copy.deepcopy(self.values)
        if "state" in values:
            self.state = values["state"]
            fresh = copy.deepcopy(self.base)
            fresh.update(STATES[self.state])
        single = {key: value for key, value in values.items() if key not in COMMANDS}
        fresh.update(single)
        self.base.update({key: single[key] for key in single if key in KEPT})
        if values.keys() & {"state", "timer_seconds"}:
            seconds = fresh["timer_seconds"]
            fresh["until"] = None if seconds is None else time.monotonic() + seconds
        self.values = fresh
        renewed = self.gravity_age_seconds != self.base["gravity_age_seconds"]
        since = time.time() if renewed else self.started
        self.gravity_time = int(since - self.gravity_age_seconds)

    def blocking_now(self):
        """(blocking, seconds until that ends by itself or None), as the API says it."""
        until = self.values.get("until")
        if self.blocking != "disabled" or until is None:
            return self.blocking, None
        left = until - time.monotonic()
        return ("disabled", left) if left > 0 else ("enabled", None)

    def blocks_now(self):
        return self.blocks or (self.blocking == "disabled" and self.blocking_now()[0] == "enabled")

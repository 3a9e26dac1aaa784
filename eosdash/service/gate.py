"""How much one address may ask for: generous, since a lecture hall is one address.

Counted by each web process for itself; what all together may compute is bounded by the queue.
"""

import math
import threading
import time
from ipaddress import IPv6Address, ip_address

from flask import Flask, current_app, request

from eosdash.service import telemetry
from eosdash.service.door import LATE
from eosdash.service.flights import Unavailable
from eosdash.service.settings import value
from eosdash.service.turns import full

ALWAYS = ("/healthz", "/readyz", "/metrics")
"""Answered to whoever asks, however often."""

TENTHS = 10
"""Computing time is charged in tenths of a second, begun ones as whole."""

MINUTE = 60.0


class Gate:
    """Counts requests and estimated seconds of computing by address and minute."""

    def __init__(self) -> None:
        """The allowances are those of the settings at this moment."""
        self._requests, self._tenths = value("rate_requests"), TENTHS * value("rate_seconds")
        self._lock, self._over = threading.Lock(), 0.0
        self._used: dict[tuple[str, bool], int] = {}  # by the address, and whether it is computing

    def admit(self) -> None:
        """Count a request.

        Raises:
            Unavailable: if there were too many, or it came in too late.
        """
        if request.environ.get(LATE):
            raise full()
        if request.path not in ALWAYS:
            self._take(1, self._requests, False, "too many requests from your address")

    def charge(self, seconds: float) -> None:
        """Count a computation of so many estimated seconds; at most a whole allowance.

        Raises:
            Unavailable: if too much was computed for this address already.
        """
        cost = min(math.ceil(TENTHS * seconds), self._tenths)
        self._take(cost, self._tenths, True, "your address has asked for much computing")

    def _take(self, cost: int, most: int, computing: bool, message: str) -> None:
        who, now = (network(request.remote_addr or ""), computing), time.time()
        with self._lock:
            if now >= self._over:
                self._used.clear()
                self._over = now + MINUTE
            # What is refused is not counted: something smaller may still be asked for.
            if (used := self._used.get(who, 0) + cost) <= most:
                self._used[who] = used
                return
            seconds = max(1, math.ceil(self._over - now))
        raise Unavailable(message, seconds, status=429, field="address", reason="rate")


def network(address: str) -> str:
    """What counts as one address: of IPv6 the network, which a single visitor is given."""
    try:
        parsed = ip_address(address.partition("%")[0])  # without the name of an interface
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped:
        return parsed.exploded[:19]
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def register(app: Flask) -> None:
    """Count every request to an app."""
    gate = app.extensions["eosdash.gate"] = Gate()
    app.before_request(gate.admit)
    app.before_request(_bound_sending)


def _bound_sending() -> None:
    """A client that takes nothing more is left after a while, since it holds a thread."""
    sock = request.environ.get("gunicorn.socket")
    if sock:
        sock.settimeout(value("send_seconds"))


def charge(seconds: float) -> None:
    """Count a computation for the address of the request under way.

    Raises:
        Unavailable: if too much was computed for it already.
    """
    telemetry.note(cost=round(seconds, 3))
    current_app.extensions["eosdash.gate"].charge(seconds)

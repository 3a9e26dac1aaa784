"""How much one address may ask for: generous, since a lecture hall is one address.

Counted by each web process for itself; what all together may compute is bounded by the queue.
"""

import math
import threading
import time
from ipaddress import IPv6Address, ip_address

from flask import Flask, current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from eosdash.service import telemetry
from eosdash.service.flights import Unavailable
from eosdash.service.settings import value

ALWAYS = ("/healthz", "/readyz", "/metrics")
"""Answered to whoever asks, however often."""

TENTHS = 10
"""Computing time is charged in tenths of a second, begun ones as whole."""


class Gate:
    """Counts requests and estimated seconds of computing by address and minute."""

    def __init__(self) -> None:
        """The allowances are those of the settings at this moment."""
        self._counts = FixedWindowRateLimiter(MemoryStorage())
        self._lock = threading.Lock()  # two that count at once may start its timer twice
        self._requests = RateLimitItemPerMinute(value("rate_requests"), namespace="requests")
        self._seconds = RateLimitItemPerMinute(
            TENTHS * value("rate_seconds"), namespace="seconds"
        )  # fmt: skip

    def admit(self) -> None:
        """Count a request.

        Raises:
            Unavailable: if there were too many.
        """
        if request.path not in ALWAYS:
            self._take(self._requests, 1, "too many requests from your address")

    def charge(self, seconds: float) -> None:
        """Count a computation of so many estimated seconds; at most a whole allowance.

        Raises:
            Unavailable: if too much was computed for this address already.
        """
        cost = min(math.ceil(TENTHS * seconds), self._seconds.amount)
        self._take(self._seconds, cost, "your address has asked for much computing")

    def _take(self, item: RateLimitItem, cost: int, message: str) -> None:
        address = network(request.remote_addr or "")
        with self._lock:
            # What is refused is not counted: something smaller may still be asked for.
            if self._counts.test(item, address, cost=cost) and self._counts.hit(
                item, address, cost=cost
            ):
                return
            reset = self._counts.get_window_stats(item, address).reset_time
        seconds = max(1, math.ceil(reset - time.time()))
        raise Unavailable(message, min(seconds, 60), status=429, field="address", reason="rate")


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

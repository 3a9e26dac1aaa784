"""The door of a server: which request is let in next, before anything of it is read or computed.

Only as many requests for results are answered at a time as the machine has use for. The others wait
as they came, and those that were given up meanwhile cost next to nothing. A request holds its place
until its answer begins, with a row or with the sign that it waits for its turn
(:mod:`eosdash.service.turns`): who reads on holds none.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

HELD = re.compile(r"GET (/[^ ?]*)?/api/(train|explain|basin|basin/run|sweep|theory)[ ?]")
"""How a request begins that is let in when there is use for it."""

PAGES = re.compile(r"GET (?![^ ?]*/(api/|_dash-update|healthz|readyz|metrics))")
"""How one begins that has a door of its own: pages and scripts, in the order of arrival."""

SHORT_WAIT = 0.1
"""Seconds of waiting up to which the first to come is the first to be let in."""

LONG_WAIT = 2.0
"""Seconds after which whoever is still there comes before all that are newer."""

TOO_LONG = 5.0
"""Seconds after which a request is told to come again."""

LATE = "eosdash.late"
"""What the app sees set where it is to say so."""

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Place:
    """A place of a request: it waits for it, holds it, and gives it back once."""

    def __init__(
        self, start: Callable[["Place"], None], gone: Callable[[], bool], drop: Callable[[], object]
    ) -> None:
        """``start`` is called when it is had, or ``drop`` if by then who asked has ``gone``."""
        self.start, self.gone, self.drop = start, gone, drop
        self.door: Door | None = None
        self.arrived, self.late = time.monotonic(), False

    def leave(self) -> None:
        """Give it back, if it was not yet."""
        door, self.door = self.door, None
        if door:
            door.left()


class Door:
    """So many places, and who waits for one.

    Who has come is let in first as long as nobody waits longer than a moment. Beyond that more is
    asked for than can be answered, and the newest is let in first: the others are the more likely
    to be given up the longer they have waited. Who has waited long and is still there is patient,
    and comes before all others, in the order of arrival.
    """

    def __init__(
        self, places: int, in_order: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """All of them free; who comes first may always be first."""
        self._in_order = in_order
        self._free, self._clock = places, clock
        self._waiting: deque[Place] = deque()
        self._lock = threading.Lock()

    def enter(self, place: Place) -> None:
        """Have a request started as soon as there is a place for it."""
        place.arrived = self._clock()
        with self._lock:
            self._waiting.append(place)
        self._let_in()

    def left(self) -> None:
        """A place is free again."""
        with self._lock:
            self._free += 1
        self._let_in()

    def _let_in(self) -> None:
        while True:
            with self._lock:
                if not self._free or not self._waiting:
                    return
                place = self._next()
                there = not place.gone()
                self._free -= there
            if there:
                place.door = self
                place.start(place)
            else:
                place.drop()

    def _next(self) -> Place:
        if self._in_order or self._waiting[0].gone():
            return self._waiting.popleft()
        waited = self._clock() - self._waiting[0].arrived
        if SHORT_WAIT < waited < LONG_WAIT:
            return self._waiting.pop()
        first = self._waiting.popleft()
        first.late = waited > TOO_LONG
        return first


class Doors:
    """The doors of a server."""

    def __init__(self, places: int) -> None:
        """Each with so many places."""
        self._doors = (HELD, Door(places)), (PAGES, Door(places, in_order=True))

    def enter(self, begin: str, place: Place) -> None:
        """Have a request started that begins like this: at once, if it need not be let in."""
        for asked, door in self._doors:
            if asked.match(begin):
                door.enter(place)
                return
        place.start(place)


_held: ContextVar[Place | None] = ContextVar("the place of the request under way", default=None)


def inside(place: Place, answer: Callable[[], Any]) -> Any:
    """Have a server answer a request that has been let in."""
    token = _held.set(place)
    try:
        return answer()
    finally:
        _held.reset(token)
        place.leave()


def behind(application: Application) -> Application:
    """The application, where a request gives its place back as soon as its answer begins."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        place = _held.get()
        if place is None:
            return application(environ, start_response)
        environ[LATE] = place.late
        try:
            return application(environ, start_response)
        finally:
            place.leave()

    return answer

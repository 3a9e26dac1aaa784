"""A bound on what one machine computes at a time, with a short queue, for several processes.

Each computation holds a ticket: a file of a folder that all processes of the machine share, locked
as long as its process lives. Who comes next is that of :mod:`eosdash.service.turns`: short work
before long, the newest first, but for whoever has waited long.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eosdash.service.settings import value
from eosdash.service.stream import NOTHING
from eosdash.service.turns import SIGN, full, length_of, queued, slots, urgency

POLL = 0.02
"""Seconds between two looks at the queue."""

LOOK_FOR_THE_DEAD = 0.5
"""Seconds between two looks for tickets that a process left behind when it died."""


RUNS = ".runs"
"""How the name of a ticket ends whose turn has come."""


class Ticket:
    """A place in the queue of a folder, held until it is given back."""

    def __init__(self, folder: Path, cost: float = 0.0) -> None:
        """Of work of so many estimated seconds.

        Raises:
            Unavailable: if the queue is full.
            OSError: if the folder takes no files.
        """
        self._folder = folder
        self._looked = 0.0
        with _alone(folder):  # so that whoever comes later has the higher number
            most = slots() + value("queue")
            if len(self._names()) >= most and len(self._living()) >= most:
                raise full()
            last = max((_number(name) for name in self._names()), default=0)
            name = f"{max(time.time_ns(), last + 1):020d}-{length_of(cost)}"
            made = folder / f".{name}"
            self._handle = os.open(made, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)  # before anybody sees it
            self._path = made.rename(folder / name)

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._folder.iterdir() if path.name[0] != ".")

    def ahead(self) -> int:
        """How many come before it is this one's turn, itself counted; 0: it has come."""
        if self._path.name.endswith(RUNS):
            return 0
        look = time.monotonic() - self._looked > LOOK_FOR_THE_DEAD
        if look:
            self._looked = time.monotonic()
        if place := self._place(self._living() if look else self._names()):
            return place
        with _alone(self._folder):  # so that no two take the same slot
            if place := self._place(self._names()):
                return place
            self._path = self._path.rename(self._path.with_name(self._path.name + RUNS))
        return 0

    def _place(self, names: list[str]) -> int:
        """Its place among those that find no room, from 1 on; 0: it may run."""
        now = time.time_ns()
        waiting = [name for name in names if not name.endswith(RUNS)]
        waiting.sort(key=lambda name: urgency(_length(name), _number(name), now))
        free = slots() - (len(names) - len(waiting))
        # Where somebody has cleaned the folder, it is in nobody's way.
        place = waiting.index(self._path.name) if self._path.name in waiting else -1
        return max(0, place - max(0, free) + 1) if place >= 0 else 0

    def _living(self) -> list[str]:
        return [name for name in self._names() if not self._dead(name)]

    def _dead(self, name: str) -> bool:
        """Whether the process of a ticket is gone; the ticket is then removed."""
        try:
            handle = os.open(self._folder / name, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (self._folder / name).unlink(missing_ok=True)
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
        return True

    def close(self) -> None:
        """Give it back."""
        self._path.unlink(missing_ok=True)
        os.close(self._handle)


def _number(name: str) -> int:
    """When a ticket was drawn, in nanoseconds; later ones have higher numbers."""
    return int(name[:20])


def _length(name: str) -> int:
    """How long the work of a ticket is; one that another version has drawn does not say it."""
    return int(name[21:] or 0)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else takes a ticket meanwhile."""
    handle = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def wait(ticket: Ticket) -> Iterator[bytes]:
    """Signs of life until it is the ticket's turn, and nothing in between."""
    told = time.monotonic()
    while ahead := ticket.ahead():
        silent = time.monotonic() - told < SIGN
        if not silent:
            told = time.monotonic()
        yield NOTHING if silent else queued(ahead)
        time.sleep(POLL)


@contextmanager
def turn(folder: Path, cost: float) -> Iterator[None]:
    """Wait for a turn, and hold it meanwhile.

    Raises:
        Unavailable: if the queue is full.
    """
    ticket = Ticket(folder, cost)
    try:
        for _ in wait(ticket):
            pass
        yield
    finally:
        ticket.close()

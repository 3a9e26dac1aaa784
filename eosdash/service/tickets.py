"""A bound on what one machine computes at a time, with a short queue, first come first served.

Each computation holds a ticket: a file of a folder that all processes of the machine share, locked
as long as its process lives. The oldest tickets compute, the others wait.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eosdash.service.settings import value
from eosdash.service.turns import full, queued, slots

POLL = 0.02
"""Seconds between two looks at the queue."""

LOOK_FOR_THE_DEAD = 0.5
"""Seconds between two looks for tickets that a process left behind when it died."""


class Ticket:
    """A place in the queue of a folder, held until it is given back."""

    def __init__(self, folder: Path) -> None:
        """At the end of the queue.

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
            last = max(self._names(), default="0")
            name = f"{max(time.time_ns(), int(last[:20]) + 1):020d}"
            made = folder / f".{name}"
            self._handle = os.open(made, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)  # before anybody sees it
            self._path = made.rename(folder / name)

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._folder.iterdir() if path.name[0] != ".")

    def ahead(self) -> int:
        """How many have to end before it is this one's turn; 0: it is."""
        names = self._names()
        if time.monotonic() - self._looked > LOOK_FOR_THE_DEAD:
            self._looked = time.monotonic()
            names = self._living()
        place = names.index(self._path.name) if self._path.name in names else 0
        return max(0, place - slots() + 1)

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
    """Signs of life until it is the ticket's turn."""
    while ahead := ticket.ahead():
        yield queued(ahead)
        time.sleep(POLL)


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait for a turn, and hold it meanwhile.

    Raises:
        Unavailable: if the queue is full.
    """
    ticket = Ticket(folder)
    try:
        for _ in wait(ticket):
            pass
        yield
    finally:
        ticket.close()

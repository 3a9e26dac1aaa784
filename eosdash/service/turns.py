"""Who computes next: a bound on what one process has computed at a time, and a short queue.

Under more demand than there is room for, first come first served has everybody wait until nobody
is interested any more, and finishes next to nothing. Here short work goes before long, and of what
is alike the newest first: a visitor who drags a slider has left what she asked for before. What
nobody waits for is dropped before it starts. Who has waited long comes before all of them.
"""

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

from eosdash.service.encoding import line
from eosdash.service.flights import Unavailable
from eosdash.service.settings import value

SIGN = 0.25
"""Seconds between two signs of life of who waits."""

SHORT = 0.5
"""Estimated seconds of work up to which it is as short as any other."""

LONG_WAIT = 10_000_000_000
"""Nanoseconds after which who waits comes before all that is newer or shorter."""

RETRY_AFTER = 2


def slots() -> int:
    """How many computations run at a time: by the settings, or one a core that is ours."""
    return value("computations") or cores()


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not everywhere
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def full() -> Unavailable:
    """The queue is as long as it may be."""
    return Unavailable("too much is being computed at the moment", RETRY_AFTER)


def queued(ahead: int) -> bytes:
    """The sign of life of a computation that waits for its turn."""
    return line({"type": "queued", "position": ahead})


def length_of(cost: float) -> int:
    """How long work of so many estimated seconds is: 0 of what is short, then one more at each
    doubling."""
    return math.ceil(math.log2(max(cost, SHORT) / SHORT))


def urgency(length: int, arrived: int, now: int) -> tuple[int, int]:
    """What those who wait are sorted by: how long their work is, and when they came, in
    nanoseconds of whatever clock ``now`` is of."""
    return (-1, arrived) if now - arrived > LONG_WAIT else (length, -arrived)


class Turn:
    """A place in the queue, and then a slot, until it is given back."""

    def __init__(self, turns: "Turns", cost: float, wanted: Callable[[], bool]) -> None:
        """Of work of so many estimated seconds."""
        self._turns, self.wanted = turns, wanted
        self.length, self.arrived = length_of(cost), time.monotonic_ns()
        self.state: Literal["waits", "runs", "dropped", "left"] = "waits"
        self.moved = threading.Event()  # its own: all would wake at each turn that is another's

    def wait(self) -> Iterator[bytes]:
        """Signs of life until it is its turn, or it is wanted no more.

        Raises:
            Unavailable: if it had to give way.
        """
        while (ahead := self._turns.ahead(self)) and self.wanted():
            yield queued(ahead)
        if self.state == "dropped":
            raise full()

    def close(self) -> None:
        """Give it back."""
        self._turns.leave(self)


class Turns:
    """So many slots, and who waits for them."""

    def __init__(self, slots: int, longest: int) -> None:
        """With a queue of up to ``longest``."""
        self._slots, self._longest = slots, longest
        self._lock = threading.Lock()
        self._waiting: list[Turn] = []
        self._running = 0

    def take(self, cost: float, wanted: Callable[[], bool] = lambda: True) -> Turn:
        """A turn for work of so many estimated seconds, which is ``wanted`` or dropped.

        Raises:
            Unavailable: if the queue is full of what comes before it.
        """
        with self._lock:
            turn = Turn(self, cost, wanted)
            self._waiting.append(turn)
            self._admit()
            if len(self._waiting) > self._longest:
                last = self._in_order()[-1]
                self._move(last, "dropped")
                if last is turn:
                    raise full()
            return turn

    def ahead(self, turn: Turn) -> int:
        """How many come before one that waits, itself counted; 0: its turn has come, or is lost."""
        turn.moved.wait(SIGN)
        with self._lock:
            if turn.state != "waits":
                return 0
            return 1 + self._in_order().index(turn)

    def leave(self, turn: Turn) -> None:
        """Give a turn back, or stop waiting for it."""
        with self._lock:
            if turn.state == "runs":
                self._running -= 1
            elif turn in self._waiting:
                self._waiting.remove(turn)
            turn.state = "left"
            self._admit()

    def _admit(self) -> None:
        """Let run who is next, as long as there is room; who is wanted no more goes."""
        while self._waiting and self._running < self._slots:
            turn = self._in_order()[0]
            if turn.wanted():
                self._move(turn, "runs")
                self._running += 1
            else:
                self._move(turn, "dropped")

    def _in_order(self) -> list[Turn]:
        now = time.monotonic_ns()
        # The last to come first, where two came in the same tick of the clock.
        newest = reversed(self._waiting)
        return sorted(newest, key=lambda each: urgency(each.length, each.arrived, now))

    def _move(self, turn: Turn, state: Literal["runs", "dropped"]) -> None:
        self._waiting.remove(turn)
        turn.state = state
        turn.moved.set()

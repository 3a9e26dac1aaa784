"""What computes on the machine that answers, and whether it can."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from eosdash.params import TrainParams
from eosdash.service.flights import Engine, Unavailable

logger = logging.getLogger(__name__)


class Machine(Engine, Protocol):
    """An engine that computes here."""

    def turn(self, cost: float) -> AbstractContextManager[None]:
        """A turn for so many estimated seconds of work that is done for one answer alone.

        Raises:
            Unavailable: if too much is being computed already.
        """


PROBE = {"task": "csv", "data": "0:0,1:1", "depth": 1, "width": 1, "steps": 2}
"""Numbers of one's own, which no cache keeps: what was computed once says nothing of today."""


def readiness(machine: Machine) -> Callable[[], bool]:
    """Asks whether anything can be computed, by computing something small until it once could."""
    proven = False

    def can_compute() -> bool:
        nonlocal proven
        if not proven:
            try:
                for _ in machine.lines(TrainParams.make(**PROBE), lambda: True):
                    pass
            except Unavailable:  # it computes, for others
                return True
            except Exception:  # whatever it is, it is not ready
                logger.exception("nothing can be computed")
                return False
            proven = True
        return True

    return can_compute

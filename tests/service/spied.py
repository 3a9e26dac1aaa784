"""What the spied app and the spied worker share: a spy that tells, and slows computations down.

``$SPY_LOG`` is the file it writes to; one beside it names the processes too. ``$SPY_PACE`` are
seconds that each part of a run takes longer; a run of ``SILENT`` steps pauses for a second.
``$SPY_CONSTANTS`` are other values of constants, as JSON.
"""

import json
import os
import pkgutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eosdash.runs
from tests.service.helpers import Spy

SILENT = 3


def tell(word: str) -> None:
    log = Path(os.environ["SPY_LOG"])
    with log.open("a") as file:
        file.write(f"{word}\n")
    with log.with_suffix(".processes").open("a") as file:
        file.write(f"{word} in {os.getpid()}\n")


class SlowSpy(Spy):
    """Lets each part wait, without any work."""

    def __call__(
        self, objective: Any, theta: Any, lr: float, steps: int, *rest: Any
    ) -> Iterator[Any]:
        pace = 1.0 if steps == SILENT else float(os.environ.get("SPY_PACE", "0"))
        for part in super().__call__(objective, theta, lr, steps, *rest):
            yield part
            time.sleep(pace)


def install() -> None:
    eosdash.runs.descend = SlowSpy(tell)
    for name, value in json.loads(os.environ.get("SPY_CONSTANTS", "{}")).items():
        owner, _, constant = name.rpartition(".")
        setattr(pkgutil.resolve_name(owner), constant, value)

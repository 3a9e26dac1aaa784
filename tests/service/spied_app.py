"""The app as it is, for gunicorn, with a spy on its computations that writes to $SPY_LOG."""

import os
from pathlib import Path

import eosdash.runs
from app import create_app
from tests.service.helpers import Spy


def tell(word: str) -> None:
    with Path(os.environ["SPY_LOG"]).open("a") as log:
        log.write(f"{word}\n")


eosdash.runs.descend = Spy(tell)
server = create_app().server

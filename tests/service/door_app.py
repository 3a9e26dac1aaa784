"""An app that tells what it begins to answer, and answers when it may; run by both servers."""

import os
import time
from pathlib import Path

from eosdash.service import door
from tests.service.crowd import tell

WAITS = {"SHORT_WAIT": -1.0, "LONG_WAIT": 1e9}
"""However slow the machine is: whoever waits has waited longer than a moment, and nobody long."""

if "DOOR" in os.environ:  # a process of its own
    vars(door).update(WAITS)


def app(environ, start_response):
    """Requests for results wait for a file that is named as they are."""
    folder, name = Path(os.environ["DOOR"]), environ["QUERY_STRING"]
    if name:
        tell(folder / "told", name)
        while not (folder / name).exists():
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return _body(folder, name)


def _body(folder, name):
    yield b"begun\n"
    while name and not (folder / f"{name} ends").exists():
        time.sleep(0.01)
        yield b"alive\n"

"""Queries, strict reading of streams, and a spy on the computation."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from eosdash.core.descent.gradient_descent import Ending, descend

EXAMPLE = (
    "task=scalar&depth=4&width=1&target=1&init=weights"
    "&weights=1.38,0.59,0.43,1.14&lr=0.469&steps=1500"
)
SHORT = "weights=1.38,0.59,0.43,1.14&lr=0.469&steps=100"
DIVERGING = "weights=3,3,3,3&lr=1"

NEVER_ENDING = "task=regression&depth=6&width=32&init_scaling=fan_in&lr=0.0001&steps="
"""Several seconds for 8,000 steps or so, of which the first come within a fraction of one."""


def url(query: str) -> str:
    return f"/api/train?{query}"


def arguments(query: str) -> dict[str, str]:
    """Keyword arguments of the Python API that a query stands for."""
    return dict(parse_qsl(query))


def strict(text: bytes | str) -> Any:
    """What JSON says; NaN and Infinity are no JSON."""

    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    return json.loads(text, parse_constant=refuse)


def records(body: bytes) -> list[Any]:
    return [strict(line) for line in body.splitlines()]


def cached(response: TestResponse) -> bool:
    """Whether an answer, which is read to its end, came from the cache."""
    assert response.status_code == 200
    assert response.data.endswith(b"\n")
    state = response.headers["Cache-Status"]
    assert state.startswith(("eosdash; hit", "eosdash; fwd=miss"))
    return "hit" in state


def streamed(response: TestResponse) -> Iterator[Any]:
    """The records of an answer as they come."""
    rest = b""
    for piece in response.response:
        assert isinstance(piece, bytes)
        *whole, rest = (rest + piece).split(b"\n")
        yield from map(strict, whole)
    assert not rest


def holds(condition: Callable[[], Any], seconds: float = 2.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(met)


def told_twice(client: FlaskClient, path: str) -> list[TestResponse]:
    """Two answers, of which the second is asked for when the first is read."""
    answers = []
    for _ in range(2):
        answers.append(client.get(path))
        answers[-1].get_data()
    return answers


def column(chunks: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.concatenate([np.array(chunk[name], dtype=float) for chunk in chunks])


@contextmanager
def open_stream(base: str, query: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """The answer of a real server, to be read line by line; leaving hangs up."""
    address = urlsplit(base)
    with closing(http.client.HTTPConnection(address.hostname, address.port, timeout=30)) as line:
        line.request("GET", url(query), headers=headers)
        with line.getresponse() as response:
            yield response


def fetch(base: str, query: str) -> tuple[int, bytes]:
    with open_stream(base, query) as response:
        return response.status, response.read()


def next_row(response: http.client.HTTPResponse) -> dict[str, Any]:
    """The next record of a stream that is no sign of life: a busy machine gives some."""
    while (record := strict(response.readline()))["type"] in ("alive", "queued", "progress"):
        pass
    return record


class Spy:
    """Stands in for ``descend``: tells of the run with so many steps what becomes of it."""

    def __init__(self, tell: Callable[[str], Any]) -> None:
        self.tell = tell

    def __call__(self, objective: Any, theta: Any, lr: float, steps: int, *rest: Any) -> Any:
        self.tell(f"{steps} begins")
        try:
            for part in descend(objective, theta, lr, steps, *rest):
                self.tell(f"{steps} {'ends' if isinstance(part, Ending) else 'goes on'}")
                yield part
        finally:
            self.tell(f"{steps} stops")


class Crafted:
    """Unpickling it would leave a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)

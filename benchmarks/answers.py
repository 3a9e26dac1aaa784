"""How soon sweeps and the theory answer, coarse and in full: the server's own time, uncached."""

import json
import os
import statistics
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from benchmarks.report import Row
from eosdash.service.log import Parts

COARSE, FULL = 300, 3000  # ms
TURNS = 5

EXAMPLES = {
    "sweep, two-weight chain, 320 η × 100 starts × 1,000 steps": ("/api/sweep?depth=2", "counts"),
    "sweep, chain of depth 4, as above": ("/api/sweep?depth=4", "counts"),
    "theory, two-weight chain": ("/api/theory?depth=2&lr=0.8", "check"),
    "theory, chain of depth 3": ("/api/theory?depth=3&lr=0.5", "check"),
}
"""The query, and the key of the first line that counts as an answer."""


def run() -> Iterator[Row]:
    """Median times from the request to the first answer and to the last line."""
    for name, (query, key) in EXAMPLES.items():
        times = []
        for turn in range(TURNS):
            with TemporaryDirectory() as folder:
                os.environ["EOSDASH_CACHE_DIR"] = os.environ["EOSDASH_STATIC_DIR"] = folder
                # Another target each time: what is remembered in the process is of the last one.
                times.append(_answer(f"{query}&target={1 + turn / 1000}", key))
        first, last = (statistics.median(column) for column in zip(*times, strict=True))
        yield _row(f"{name}: first answer", first, COARSE)
        yield _row(f"{name}: finished", last, FULL)


def _answer(query: str, key: str) -> tuple[float, float]:
    from eosdash.server import create_app

    client = create_app().server.test_client()
    began = time.perf_counter()
    first = None
    parts = Parts()
    for piece in client.get(query).response:
        if first is None and any(key in json.loads(text) for text in parts.lines(piece)):
            first = time.perf_counter() - began
    if first is None:
        raise RuntimeError(f"{query} gave no answer")
    return 1e3 * first, 1e3 * (time.perf_counter() - began)


def _row(name: str, time_: float, limit: float) -> Row:
    return Row(name, "–", f"{time_:.0f} ms", "–", f"≤ {limit:,} ms", time_ <= limit)

"""Processes that share a folder, for the tests: ``spawn`` runs a function of this module in one.

They are forked from a server that has imported this module and does nothing else, so that each is
there in a moment.
"""

import hashlib
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from flask import Flask

from eosdash.fields import ParameterSet
from eosdash.params import TrainParams
from eosdash.service import local
from eosdash.service.cache import ResultCache
from eosdash.service.flights import ALIVE, Flights, Unavailable
from eosdash.service.tickets import Ticket, wait

PARAMS = TrainParams.make(depth=1, steps=9, weights=[0.5])
ROWS = [b'{"type":"chunk","step":%d,"fill":"%s"}\n' % (step, b"x" * 3000) for step in range(20)]
ROWS.append(b'{"type":"end"}\n')
BODY = b"".join(ROWS)
DIGEST = hashlib.sha256(BODY).hexdigest()


@contextmanager
def spawn(work: Callable[..., None], *args: Any) -> Iterator[BaseProcess]:
    """A process of its own, which is ended at the end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_work, args=(dict(os.environ), work, args), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _work(environ: dict[str, str], work: Callable[..., None], args: tuple[Any, ...]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    tempfile.tempdir = None
    work(*args)


def tell(file: Path, word: str) -> None:
    """Add a line, whoever else does so too."""
    handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.write(handle, f"{word}\n".encode())
    os.close(handle)


def words(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def scripted(folder: Path, seconds: float) -> Callable[[ParameterSet], Iterator[bytes]]:
    """Stands in for ``computed``: a row now and then, and a word on what becomes of it."""

    def computed(params: ParameterSet) -> Iterator[bytes]:
        tell(folder / "told", "begins")
        try:
            for number, row in enumerate(ROWS):
                if number:
                    time.sleep(seconds)
                if row == ROWS[-1]:
                    tell(folder / "told", "ends")
                yield row
        finally:
            tell(folder / "told", "stops")

    return computed


def flights_in(folder: Path, seconds: float) -> Flights:
    """What a web process has, with results that come slowly."""
    os.environ["EOSDASH_CACHE_DIR"] = str(folder)
    local.computed = scripted(folder, seconds)
    cache = ResultCache(Flask(__name__))
    return Flights(local.LocalEngine(cache), cache)


def reader(folder: Path, name: str, seconds: float, room: int | None = None) -> None:
    """Tells how many rows of the result it has read and, at the end, their digest; and stays.

    It leaves when there is a file ``<name> leaves``. With little ``room`` no file gets longer.
    """
    if room is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    following = flights_in(folder, seconds).follow(PARAMS)
    body, told = b"", 0
    for text in following:
        if text != ALIVE:
            body += text
        if following.rows > told:
            told = following.rows
            tell(folder / name, f"row {told}")
        if (folder / f"{name} leaves").exists():
            following.close()
            tell(folder / name, "left")
            break
    else:
        tell(folder / name, hashlib.sha256(body).hexdigest())
    time.sleep(60)


def worker(folder: Path, number: int, seconds: float) -> None:
    """Takes so many tickets one by one, and tells when it computes."""
    for _ in range(number):
        ticket = Ticket(folder)
        for _ in wait(ticket):
            pass
        tell(folder.parent / "told", "begins")
        time.sleep(seconds)
        tell(folder.parent / "told", "ends")
        ticket.close()


def holder(folder: Path, number: int) -> None:
    """Takes so many tickets at once, and keeps them."""
    held = [Ticket(folder) for _ in range(number)]
    tell(folder.parent / "told", f"holds {len(held)}")
    time.sleep(60)


def refused(folder: Path) -> bool:
    """Whether there is no room for one more."""
    try:
        Ticket(folder).close()
    except Unavailable:
        return True
    return False

"""Results computed on this machine, once for all of its processes: locks and logs are files.

The process that holds the lock of a result computes it and writes its lines to a log; the others
read along. Locks are the operating system's, so they end with the process that held them, however
it ended, and one of those that read along goes on from the row where the log was cut.
"""

import fcntl
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from eosdash.fields import ParameterSet
from eosdash.service import kinds, settings, telemetry, tickets
from eosdash.service.cache import Results
from eosdash.service.kinds import computed
from eosdash.service.log import Log, Parts
from eosdash.service.settings import value
from eosdash.service.stream import END, NOTHING, PASSING, after

logger = logging.getLogger(__name__)

POLL = 0.01
"""Seconds between two looks at the log of another process."""


class LocalEngine:
    """Computes in threads of the processes that answer; an
    :class:`eosdash.service.flights.Engine`."""

    def __init__(self, cache: Results) -> None:
        """Results that are finished are kept in the cache.

        Raises:
            OSError: if there is no folder for temporary files, or it is somebody else's.
        """
        self._cache = cache
        self._folder = shared_folder()
        self.tickets = self._folder / "tickets"
        self._make_folders()
        _clear(self._folder)

    @contextmanager
    def turn(self, cost: float) -> Iterator[None]:
        """A turn for what is computed for one answer alone.

        Raises:
            Unavailable: if the queue is full.
        """
        with tickets.turn(self.tickets, cost):
            yield

    def _make_folders(self) -> None:
        shared_folder()
        self.tickets.mkdir(mode=0o700, exist_ok=True)

    def _ticket(self, cost: float) -> tickets.Ticket:
        try:
            return tickets.Ticket(self.tickets, cost)
        except FileNotFoundError:  # a cleaner of old temporary files has taken the folder
            self._make_folders()
            return tickets.Ticket(self.tickets, cost)

    def lines(self, params: ParameterSet, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of a result, computed here or read along from another process."""
        key, sent = params.key(), 0
        while wanted():
            with _claim(self._folder / f"{key}.lock") as mine:
                lines = self._led(params, wanted) if mine else self._read_along(key, wanted)
                for text in after(sent, lines):
                    yield text
                    if text and not text.startswith(PASSING):
                        sent += 1
                        if text.startswith(END):
                            return

    def _led(self, params: ParameterSet, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of a result that nobody else is computing."""
        key = params.key()
        body = self._cache.get(key)
        if body is not None:  # somebody has just finished it
            yield from Log.of(body).lines()
            return
        with ExitStack() as stack:
            ticket = self._ticket(kinds.cost(params))
            stack.callback(ticket.close)
            followed = self._followed(key, wanted)
            with telemetry.QUEUED.track_inprogress():
                for sign in tickets.wait(ticket):
                    if not followed():
                        return
                    yield sign
            yield from self._computed(params, followed, stack)

    def _computed(
        self, params: ParameterSet, followed: Callable[[], bool], stack: ExitStack
    ) -> Iterator[bytes]:
        write = stack.enter_context(_written(self._folder / f"{params.key()}.log"))
        kept = []
        telemetry.COMPUTATIONS.labels(params.kind).inc()
        stack.enter_context(telemetry.RUNNING.track_inprogress())
        with telemetry.COMPUTATION_SECONDS.labels(params.kind).time():
            for text in computed(params):
                if not text.startswith(PASSING):
                    kept.append(text)
                # Kept before anybody knows that it is finished.
                if text.startswith(END) and not params.is_private:
                    self._cache.set(params.key(), b"".join(kept))
                write(text)
                yield text
                if not followed():
                    return

    def _followed(self, key: str, wanted: Callable[[], bool]) -> Callable[[], bool]:
        """Whether anybody wants a result, here or in a process that reads along."""
        path = self._folder / f"{key}.readers"

        def followed() -> bool:
            if wanted():
                return True
            with _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
                return not alone

        return followed

    def _read_along(self, key: str, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of the log that another process writes, as long as it does."""
        lock, path = self._folder / f"{key}.lock", self._folder / f"{key}.log"
        known = _locked(self._folder / f"{key}.readers", fcntl.LOCK_SH)
        with known as had, _Reader(path) as reader:
            while had and wanted():
                gone = not _held(lock)  # asked first: what was written before is read below
                yield from reader.lines()
                if gone:
                    return
                yield NOTHING
                time.sleep(POLL)


class _Reader:
    """Whole lines of a file that may not be there yet, and may be begun anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self._parts = Parts()
        self._sent = self._met = 0

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *args: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    def lines(self) -> Iterator[bytes]:
        """What has been written since."""
        yield from self._new()
        # The log of a process that died is replaced by that of the one that goes on.
        while self._reopened():
            yield from self._new()

    def _reopened(self) -> bool:
        """Whether there is another file of that name than the one that was read."""
        try:
            handle = os.open(self._path, os.O_RDONLY)
        except OSError:
            return False
        if self._handle >= 0:
            if os.path.sameopenfile(self._handle, handle):
                os.close(handle)
                return False
            os.close(self._handle)
        self._handle, self._parts, self._met = handle, Parts(), 0
        return True

    def _new(self) -> Iterator[bytes]:
        while self._handle >= 0 and (piece := os.read(self._handle, 1 << 16)):
            for text in self._parts.lines(piece):
                passing = text.startswith(PASSING)
                self._met += not passing
                if passing or self._met > self._sent:
                    self._sent += not passing
                    yield text


def shared_folder() -> Path:
    """The folder of locks and logs: one for every cache folder, user and machine.

    Raises:
        OSError: if it cannot be made, or is somebody else's.
    """
    whose = f"{os.getuid()} {settings.folder('cache').absolute()} {value('redis_url')}"
    name = f"eosdash-{hashlib.sha256(whose.encode()).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid() or folder.is_symlink():
        raise PermissionError(f"{folder} is not ours")
    return folder


@contextmanager
def _locked(path: Path, how: int) -> Iterator[bool]:
    """Whether a lock was had, which is held meanwhile; its file goes with the last who held it.

    Where the disk takes no file there is nothing to share either, and the lock counts as had.
    """
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError:
        logger.warning("results are not shared between processes", exc_info=True)
        yield True
        return
    try:
        had = _lock(handle, how) and _is_at(path, handle)
        try:
            yield had
        finally:
            alone = had and (how & fcntl.LOCK_EX or _lock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB))
            if alone and _is_at(path, handle):
                path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _lock(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, handle: int) -> bool:
    """Whether an open file is the one of that name: one that was removed meanwhile is not."""
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


def _claim(path: Path) -> AbstractContextManager[bool]:
    return _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _held(path: Path) -> bool:
    """Whether somebody holds a lock."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _lock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)


@contextmanager
def _written(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Writes to a new file, as long as the disk takes it."""
    path.unlink(missing_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
    except OSError:
        yield lambda _: None
        return
    full = False

    def write(text: bytes) -> None:
        nonlocal full
        try:
            full = full or os.write(handle, text) < len(text)
        except OSError:
            full = True  # others wait until the result is in the cache, or compute it themselves

    try:
        yield write
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _clear(folder: Path) -> None:
    """Remove what processes left behind that were killed."""
    for stem in {path.stem for path in folder.iterdir() if path.suffix}:
        with _claim(folder / f"{stem}.lock") as mine:
            if mine:
                (folder / f"{stem}.log").unlink(missing_ok=True)
        with _claim(folder / f"{stem}.readers"):
            pass  # it goes if nobody reads

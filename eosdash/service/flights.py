"""Single flight: whoever asks for the same result in the same moment follows one computation.

A flight runs in a thread of its own, apart from those that answer requests, and fills a log. Where
the lines come from is the business of an engine: computed here, or followed from another process
(:mod:`eosdash.service.local`) or machine (:mod:`eosdash.service.shared`).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, Protocol
from weakref import WeakValueDictionary

from eosdash.fields import ParameterError, ParameterSet
from eosdash.service import telemetry
from eosdash.service.cache import Results
from eosdash.service.encoding import line
from eosdash.service.log import Log
from eosdash.service.stream import PASSING

logger = logging.getLogger(__name__)

HEARTBEAT = 0.5
"""Seconds of silence after which a sign of life is sent: only then is it noticed that a reader
has left."""

GRACE = 0.2
"""Seconds that a computation goes on when its last reader has left: one may be coming back."""

READING = 64
"""How many entries of the cache are read at a time; each of them by one reader for all."""

ALIVE = b'{"type":"alive"}\n'

State = Literal["hit", "miss", "collapsed"]

Gone = Callable[[], bool]
"""Whether a reader is there no longer."""


def stays() -> bool:
    """Of a reader who says so when it leaves: that it has not gone."""
    return False


class Unavailable(Exception):
    """Nothing is wrong with the request, but it cannot be answered now."""

    def __init__(
        self,
        message: str,
        retry_after: int,
        status: int = 503,
        field: str = "server",
        reason: Literal["queue", "rate"] = "queue",
    ) -> None:
        """``retry_after`` in seconds."""
        super().__init__(message)
        self.status, self.retry_after, self.reason = status, retry_after, reason
        self.error = {"field": field, "message": message, "allowed": f"again in {retry_after} s"}


class Broken(Exception):
    """The computation failed: a mistake of ours, which is in the log of the server."""

    def __init__(self) -> None:
        super().__init__("the computation failed")
        self.status = 500
        allowed = "other parameters; the mistake has been logged"
        self.error = {"field": "server", "message": str(self), "allowed": allowed}


class Engine(Protocol):
    """Where results are computed, once for all who ask."""

    def lines(self, params: ParameterSet, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of a result, with signs of life between them.

        Whatever finishes is kept in the cache. It ends early where it is ``wanted`` no longer.

        Raises:
            ParameterError: for what only the computation can refuse.
            Unavailable: if too much is being computed already.
        """


class Flight:
    """One computation, and who follows it here: of each, whether it has gone without a word."""

    def __init__(self) -> None:
        """Followed by nobody yet."""
        self.log = Log()
        self.followers: list[Gone] = []
        self.left = time.monotonic()
        self.stopping = False


class Following:
    """One reader of a log: an iterator of whole lines and pieces of them, to be closed.

    Attributes:
        key: of the parameter set.
        state: where the result came from.
        rows: whole rows read so far, those skipped not counted.
    """

    def __init__(
        self,
        key: str,
        log: Log,
        state: State,
        row: int = 0,
        leave: Callable[[], None] = lambda: None,
    ) -> None:
        """From a row on; ``leave`` is called once, when it is closed."""
        self.key, self.log, self.state, self.rows = key, log, state, 0
        self._leave: Callable[[], None] | None = leave
        self._skip, self._at, self._sign, self._ended = row, 0, b"", False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """What comes next, at the latest after a heartbeat.

        Raises:
            ParameterError, Unavailable, Broken: whatever ended the computation.
        """
        deadline = time.monotonic() + HEARTBEAT
        while True:
            closed = self.log.closed  # asked first: what came before is read below
            if piece := self._piece():
                return piece
            if closed:
                failure = None if self._ended else self.log.failure
                self._ended = True
                self.close()
                raise failure or StopIteration
            if self.log.sign is not self._sign:
                self._sign = self.log.sign
                if self._sign:
                    return self._sign
            left = deadline - time.monotonic()
            if left <= 0:
                return ALIVE
            self.log.wait(self._at, self._sign, left)

    def _piece(self) -> bytes:
        """More of the log; nothing as long as the rows to be skipped have not all come."""
        if self._skip:
            at = self.log.position(self._skip)
            if at is None:
                self._at = self.log.size  # where it is worth looking again
                return b""
            self._at, self._skip = at, 0
        piece = self.log.read(self._at)
        self._at += len(piece)
        self.rows += piece.count(b"\n")
        return piece

    def whole(self) -> Log:
        """The log once it is complete."""
        for _ in self:
            pass
        return self.log

    def close(self) -> None:
        """Follow no longer."""
        leave, self._leave = self._leave, None
        if leave:
            leave()

    def __del__(self) -> None:
        self.close()


class Flights:
    """What is being computed for this process, and what it has at hand."""

    def __init__(self, engine: Engine, cache: Results) -> None:
        """Results come from the cache or else from the engine."""
        self._engine, self._cache = engine, cache
        # A reader may be collected, and leave, in a thread that holds it.
        self._lock = threading.RLock()
        self._reading = [threading.Lock() for _ in range(READING)]
        self._running: dict[str, Flight] = {}
        self._read: WeakValueDictionary[str, Log] = WeakValueDictionary()

    def follow(
        self,
        params: ParameterSet,
        row: int = 0,
        charge: Callable[[], None] = lambda: None,
        gone: Gone = stays,
    ) -> Following:
        """A result from a row on: from the cache, from a computation under way, or from a new one.

        Args:
            charge: called before a new computation; what it raises stops it. Others wait meanwhile.
            gone: asked where it matters whether anybody is still there.
        """
        key = params.key()
        with self._lock:
            flight = self._joined(key, gone)
        if flight is None:
            if log := self._finished(key):
                telemetry.HITS.labels(params.kind).inc()
                return Following(key, log, "hit", row)
            with self._lock:
                flight = self._joined(key, gone)
                if flight is None:
                    charge()
                    telemetry.MISSES.labels(params.kind).inc()
                    new = self._begin(key, params, gone)
                    return Following(key, new.log, "miss", row, self._leaver(new, gone))
        telemetry.COLLAPSED.labels(params.kind).inc()
        return Following(key, flight.log, "collapsed", row, self._leaver(flight, gone))

    def _joined(self, key: str, gone: Gone) -> Flight | None:
        flight = self._running.get(key)
        if flight is None or flight.stopping or flight.log.closed:
            return None
        flight.followers.append(gone)
        return flight

    def _finished(self, key: str) -> Log | None:
        """Readers of the same entry share one copy of it."""
        with self._reading[hash(key) % READING]:
            log = self._read.get(key)
            if log is None:
                body = self._cache.get(key)
                if body is None:
                    return None
                self._read[key] = log = Log.of(body)
            return log

    def _begin(self, key: str, params: ParameterSet, gone: Gone) -> Flight:
        flight = self._running[key] = Flight()
        flight.followers.append(gone)
        threading.Thread(target=self._fly, args=(key, params, flight), daemon=True).start()
        return flight

    def _leaver(self, flight: Flight, gone: Gone) -> Callable[[], None]:
        def leave() -> None:
            with self._lock:
                flight.followers.remove(gone)
                flight.left = time.monotonic()

        return leave

    def _wanted(self, flight: Flight) -> bool:
        """Whether anybody follows it, or may be coming back; if not, nobody can join any more."""
        with self._lock:
            if not all(gone() for gone in flight.followers):
                flight.left = time.monotonic()
            elif time.monotonic() - flight.left > GRACE:
                flight.stopping = True
            return not flight.stopping

    def _fly(self, key: str, params: ParameterSet, flight: Flight) -> None:
        failure: Exception | None = None
        try:
            for text in self._engine.lines(params, lambda: self._wanted(flight)):
                if text.startswith(PASSING):
                    flight.log.tell(text)
                elif text:
                    flight.log.append(text)
        except (ParameterError, Unavailable) as refusal:
            failure = refusal
        except Exception:
            logger.exception("a computation failed", extra={"key": key[:12]})
            failure = Broken()
        finally:
            with self._lock:
                flight.log.close(failure)
                if self._running.get(key) is flight:
                    del self._running[key]


def error_line(failure: ParameterError | Unavailable | Broken) -> bytes:
    """A failure that comes after the answer has begun, as its last line."""
    if isinstance(failure, ParameterError):
        status, error = 422, failure.as_dict()
    else:
        status, error = failure.status, failure.error
    retry = getattr(failure, "retry_after", None)
    return line({"type": "error", "status": status, "error": error, "retry_after": retry})

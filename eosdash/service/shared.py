"""Results computed by Celery workers on any machine, once for all replicas of the web server.

Who first sets the flight of a result to a token of its own puts it in the queue (``waiting.py``)
and sends a task; the worker that takes it out writes the lines to a Redis stream of that token,
which every replica reads along. The flight expires unless it is kept alive: by readers as long as
it waits in the queue, by the worker once it computes. So whatever is lost, a worker, a task or all
that Redis held, the next reader begins anew, and goes on from the row it had. Without Redis, or
without workers, a replica computes for itself.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from eosdash.fields import ParameterError, ParameterSet
from eosdash.service import telemetry
from eosdash.service.breaker import Breaker
from eosdash.service.cache import REDIS_SECONDS, ResultCache, Results, redis_options
from eosdash.service.flights import Broken, Engine, Unavailable
from eosdash.service.kinds import KINDS, computed
from eosdash.service.log import Log
from eosdash.service.stream import END, NOTHING, PASSING, after
from eosdash.service.turns import queued
from eosdash.service.waiting import KEPT_SECONDS, Waiting

logger = logging.getLogger(__name__)

FLIGHT, LOG, WORKING = (f"eosdash:{name}" for name in ("flight", "log", "working"))

FLIGHT_MS = 2000
"""How long a flight lasts that nobody keeps alive."""

BLOCK_MS = 100
"""How long a look at a log waits for its next line."""

LATE_MS = 100
"""How much later Redis may say that there is none: it looks at its clock ten times a second."""

PATIENCE = 10.0
"""Seconds in which the queue has to move where nothing is computed, or there is no worker."""

LOST = 60.0
"""Seconds in which it has to move in any case, or the task is lost."""

CHECK = 0.2
"""Seconds between two looks whether a result is still wanted."""

Publish = Callable[[], None]
"""Sends a task."""


class _Stuck(Exception):
    """The queue does not move."""


class _Lost(Exception):
    """A log is gone from Redis, and with it the lines that its readers did not see yet."""


class SharedEngine:
    """Follows Celery workers; an :class:`eosdash.service.flights.Engine`."""

    def __init__(self, url: str, cache: ResultCache, local: Engine, publish: Publish) -> None:
        """Falls back on the local engine."""
        wait = REDIS_SECONDS + (BLOCK_MS + LATE_MS) / 1000
        self._redis = Redis.from_url(url, **redis_options() | {"socket_timeout": wait})
        self._cache, self._local, self._publish = cache, local, publish
        self._workers, self._waiting = Breaker(), Waiting(self._redis)

    def lines(self, params: ParameterSet, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of a result, computed by a worker or, without one, here."""
        sent, breaker = 0, self._cache.breaker
        if self._workers.closed() and breaker.closed():
            try:
                for text in self._shared(params, wanted):
                    if text and not text.startswith(PASSING):
                        sent += 1
                        self._workers.close()
                    yield text
                    if text.startswith(END):
                        return
                if not wanted():
                    return
            except (RedisError, OperationalError):
                breaker.trip("the shared queue does not answer; computing here")
            except _Stuck:
                self._workers.trip("no worker takes the task; computing here")
        yield from after(sent, self._local.lines(params, wanted))

    def _shared(self, params: ParameterSet, wanted: Callable[[], bool]) -> Iterator[bytes]:
        sent, key = 0, params.key()
        while wanted():
            token = self._claim(params)
            self._cache.breaker.close()
            if token is None:
                continue
            for text in after(sent, self._read(key, token, wanted)):
                sent += bool(text) and not text.startswith(PASSING)
                yield text
                if text.startswith(END):
                    return
            if body := self._cache.get(key):
                yield from after(sent, Log.of(body).lines())
                return

    def _claim(self, params: ParameterSet) -> str | None:
        """The token of the flight of a result, which is begun if there is none; None: try again.

        Raises:
            Unavailable: if the queue is full.
        """
        flight, token = f"{FLIGHT}:{params.key()}", uuid4().hex
        if not self._redis.set(flight, token, nx=True, px=FLIGHT_MS):
            return self._text(flight)
        try:
            self._waiting.join(params, token)
        except Unavailable:
            self._redis.delete(flight)
            raise
        self._publish()
        return token

    def _text(self, name: str) -> str | None:
        found: Any = self._redis.get(name)
        return found.decode() if found else None

    def _read(self, key: str, token: str, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of a worker's log, until the end or until nobody writes it any more."""
        log, flight, last, started = f"{LOG}:{token}", f"{FLIGHT}:{key}", b"0", False
        place, moved = None, time.monotonic()
        while wanted():
            self._waiting.follow(token)
            found: Any = self._redis.xread({log: last}, count=64, block=BLOCK_MS)
            if found:
                entries = found[0][1]
                last, started = entries[-1][0], True
                yield from (_line_of(fields) for _, fields in entries)
                continue
            if self._text(flight) != token:
                return
            if started:
                yield NOTHING
                continue
            self._redis.pexpire(flight, FLIGHT_MS)
            if (now := self._waiting.place(token)) != place:
                place, moved = now, time.monotonic()
            elif time.monotonic() - moved > (LOST if self._redis.exists(WORKING) else PATIENCE):
                self._waiting.leave(token)  # it is in nobody's way
                raise _Stuck
            yield NOTHING if place is None else queued(place)
        if not started and self._text(flight) == token:  # it is in nobody's way
            self._waiting.leave(token)
            self._redis.delete(flight)


def _line_of(fields: dict[bytes, bytes]) -> bytes:
    """A line of a log.

    Raises:
        ParameterError, Broken: if the worker says so.
    """
    if b"refused" in fields:
        raise ParameterError(**json.loads(fields[b"refused"]))
    if b"broken" in fields:
        raise Broken
    return fields[b"line"]


class Worker:
    """What a Celery worker does with a task."""

    def __init__(self, url: str, cache: Results) -> None:
        """Finished results are kept in the cache."""
        self._redis = Redis.from_url(url, socket_timeout=10 * REDIS_SECONDS)
        self._cache, self._waiting = cache, Waiting(self._redis)

    def work(self) -> None:
        """Compute what is most urgent, if anybody still waits for anything."""
        if job := self._waiting.take():
            params = KINDS[job.kind].params.make(**job.query)
            if params.key() == job.key:  # of another version of the mathematics it would differ
                self.answer(params, job.token)

    def answer(self, params: ParameterSet, token: str) -> None:
        """Compute a result into the log of a token, as long as anybody follows it."""
        flight, log = f"{FLIGHT}:{params.key()}", f"{LOG}:{token}"
        if not self._ours(flight, token):
            return
        try:
            with self._kept_alive(flight):
                self._begin(log)
                self._compute(params, log, token)
        except _Lost:
            logger.warning("Redis has lost a log; its readers will have it computed again")
        except ParameterError as refusal:
            self._write(log, refused=json.dumps(refusal.as_dict()).encode())
        except RedisError:
            raise
        except Exception:
            self._write(log, broken=b"1")
            raise
        finally:
            if self._ours(flight, token):
                self._redis.delete(flight)

    def _compute(self, params: ParameterSet, log: str, token: str) -> None:
        kept, looked = [], time.monotonic()
        telemetry.COMPUTATIONS.labels(params.kind).inc()
        with telemetry.COMPUTATION_SECONDS.labels(params.kind).time():
            for text in computed(params):
                if not text.startswith(PASSING):
                    kept.append(text)
                # Kept before anybody knows that it is finished.
                if text.startswith(END) and not params.is_private:
                    self._cache.set(params.key(), b"".join(kept))
                self._write(log, line=text)
                if time.monotonic() - looked > CHECK:
                    looked = time.monotonic()
                    if not self._waiting.is_followed(token):
                        return

    def _begin(self, log: str) -> None:
        """Readers see from an empty line that it has begun."""
        with self._redis.pipeline() as pipe:
            pipe.xadd(log, {"line": NOTHING})
            pipe.expire(log, KEPT_SECONDS)
            pipe.execute()

    def _write(self, log: str, **fields: bytes) -> None:
        """Add a line to a log that has been begun.

        Raises:
            _Lost: if it is not there any more: it must not go on without its beginning.
        """
        with self._redis.pipeline() as pipe:
            entry: dict[Any, Any] = dict(fields)
            pipe.xadd(log, entry, nomkstream=True)
            pipe.expire(log, KEPT_SECONDS)
            added, _ = pipe.execute()
        if added is None:
            raise _Lost

    def _ours(self, flight: str, token: str) -> bool:
        return self._redis.get(flight) == token.encode()

    @contextmanager
    def _kept_alive(self, flight: str) -> Iterator[None]:
        done = threading.Event()

        def keep() -> None:
            while not done.wait(FLIGHT_MS / 4000):
                try:
                    self._redis.pexpire(flight, FLIGHT_MS)
                    self._redis.set(WORKING, 1, px=FLIGHT_MS)
                except RedisError:
                    return

        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

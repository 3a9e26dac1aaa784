"""Results computed by Celery workers on any machine, once for all replicas of the web server.

Who first sets the flight of a result to a token of its own sends the task; the worker writes the
lines to a Redis stream of that token, which every replica reads along. The flight expires unless it
is kept alive: by readers as long as the task waits in the queue, by the worker once it computes. So
whatever is lost, a worker, a task or all that Redis held, the next reader begins anew, and goes on
from the row it had. Without Redis, or without workers, a replica computes for itself.
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
from eosdash.service.flights import Broken, Engine
from eosdash.service.log import Log
from eosdash.service.settings import value
from eosdash.service.stream import END, NOTHING, PASSING, after, computed
from eosdash.service.turns import full, queued

logger = logging.getLogger(__name__)

NAMES = ("flight", "followed", "log", "queue", "working")
FLIGHT, FOLLOWED, LOG, QUEUE, WORKING = (f"eosdash:{name}" for name in NAMES)

FLIGHT_MS = 2000
"""How long a flight lasts that nobody keeps alive."""

FOLLOWED_MS = 1000
"""How long readers count as following after their last look."""

BLOCK_MS = 100
"""How long a look at a log waits for its next line."""

LATE_MS = 100
"""How much later Redis may say that there is none: it looks at its clock ten times a second."""

LOG_SECONDS = 120
"""How long a log is kept after its last line."""

PATIENCE = 10.0
"""Seconds in which the queue has to move where nothing is computed, or there is no worker."""

LOST = 60.0
"""Seconds in which it has to move in any case, or the task is lost."""

CHECK = 0.2
"""Seconds between two looks whether a result is still wanted."""

Publish = Callable[[str, str, dict[str, str], str], None]
"""Sends a task: the kind, the key and the query of a parameter set, and the token."""


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
        self._workers = Breaker()

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
        now = time.time()
        self._redis.zremrangebyscore(QUEUE, 0, now - LOG_SECONDS)
        if self._redis.zcard(QUEUE) >= value("queue"):
            self._redis.delete(flight)
            raise full()
        self._redis.zadd(QUEUE, {token: now})
        self._publish(params.kind, params.key(), params.query(), token)
        return token

    def _text(self, name: str) -> str | None:
        found: Any = self._redis.get(name)
        return found.decode() if found else None

    def _read(self, key: str, token: str, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of a worker's log, until the end or until nobody writes it any more."""
        log, flight, last, started = f"{LOG}:{token}", f"{FLIGHT}:{key}", b"0", False
        place, moved = None, time.monotonic()
        while wanted():
            self._redis.set(f"{FOLLOWED}:{token}", 1, px=FOLLOWED_MS)
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
            rank: Any = self._redis.zrank(QUEUE, token)
            if rank != place:
                place, moved = rank, time.monotonic()
            elif time.monotonic() - moved > (LOST if self._redis.exists(WORKING) else PATIENCE):
                self._redis.zrem(QUEUE, token)  # it is in nobody's way
                raise _Stuck
            yield NOTHING if rank is None else queued(rank + 1)


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
        self._cache = cache

    def work(self, params: ParameterSet, token: str) -> None:
        """Compute a result into the log of a token, as long as anybody follows it."""
        flight, log = f"{FLIGHT}:{params.key()}", f"{LOG}:{token}"
        self._redis.zrem(QUEUE, token)
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
                    if not self._redis.exists(f"{FOLLOWED}:{token}"):
                        return

    def _begin(self, log: str) -> None:
        """Readers see from an empty line that it has begun."""
        with self._redis.pipeline() as pipe:
            pipe.xadd(log, {"line": NOTHING})
            pipe.expire(log, LOG_SECONDS)
            pipe.execute()

    def _write(self, log: str, **fields: bytes) -> None:
        """Add a line to a log that has been begun.

        Raises:
            _Lost: if it is not there any more: it must not go on without its beginning.
        """
        with self._redis.pipeline() as pipe:
            entry: dict[Any, Any] = dict(fields)
            pipe.xadd(log, entry, nomkstream=True)
            pipe.expire(log, LOG_SECONDS)
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

"""Results computed in processes of this server's own, once for all who ask.

The process that answers hands a parameter set to one that computes, and passes on the lines that
come back; :mod:`eosdash.service.turns` says whose turn it is. Between two lines a process looks
whether it is told to stop. One that dies is replaced, and goes on from the row that was sent. The
processes are started anew, not forked, which works on every system.
"""

import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from eosdash.fields import ParameterError, ParameterSet
from eosdash.service import kinds, telemetry
from eosdash.service.cache import Results
from eosdash.service.flights import Broken
from eosdash.service.kinds import KINDS, computed
from eosdash.service.settings import value
from eosdash.service.stream import END, PASSING, after
from eosdash.service.turns import Turns, slots

logger = logging.getLogger(__name__)

LOOK = 0.05
"""Seconds between two looks whether a result is still wanted."""

TRIES = 3
"""How often a result is begun whose process dies."""

LINE, REFUSED, BROKEN, DONE = "line", "refused", "broken", "done"


class _Died(Exception):
    """A process has ended."""


class _Process:
    """A process that computes one result at a time."""

    def __init__(self) -> None:
        """Started, but perhaps not yet ready."""
        spawn = multiprocessing.get_context("spawn")
        self._pipe, other = spawn.Pipe()
        self._process = spawn.Process(target=_compute, args=(other,), daemon=True)
        self._process.start()
        other.close()

    def lines(self, params: ParameterSet, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of a result, empty ones where nothing has come for a while, as long as it is
        wanted.

        Raises:
            ParameterError, Broken: if the process says so.
            _Died: if it has ended.
        """
        try:
            self._pipe.send((params.kind, params.query()))
            told = False
            while True:
                if not self._pipe.poll(LOOK):
                    yield b""
                elif (found := self._pipe.recv())[0] != LINE:
                    break
                elif not told:
                    yield found[1]
                if not told and not wanted():
                    self._pipe.send(None)
                    told = True
        except (OSError, EOFError):
            raise _Died from None
        if found[0] == REFUSED:
            raise ParameterError(**found[1])
        if found[0] == BROKEN:
            raise Broken

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _compute(pipe: Connection) -> None:
    """Compute what comes through a pipe, until nobody holds its other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server is told, and ends us
    telemetry.configure_logs()
    with suppress(OSError, EOFError):
        while True:
            job = pipe.recv()
            if job is not None:  # told to stop when it had just finished
                pipe.send(_answered(pipe, *job))


def _answered(pipe: Connection, kind: str, query: dict[str, str]) -> tuple[str, Any]:
    try:
        for text in computed(KINDS[kind].params.make(**query)):
            pipe.send((LINE, text))
            if pipe.poll():
                break
    except ParameterError as error:
        return REFUSED, error.as_dict()
    except OSError:  # nobody listens any more
        raise
    except Exception:  # a mistake of ours; the process goes on
        logger.exception("a computation failed")
        return BROKEN, None
    return DONE, None


class PoolEngine:
    """Computes in a pool of processes; an :class:`eosdash.service.flights.Engine`."""

    def __init__(self, cache: Results) -> None:
        """Results that are finished are kept in the cache. Processes start when they are needed."""
        self._cache = cache
        self._turns = Turns(slots(), value("queue"))
        self._idle: list[_Process] = []
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start a process ahead, so that the first visitor does not wait for it."""
        self._given_back(_Process())

    def lines(self, params: ParameterSet, wanted: Callable[[], bool]) -> Iterator[bytes]:
        """The lines of a result."""
        with closing(self._turns.take(kinds.cost(params), wanted)) as turn:
            with telemetry.QUEUED.track_inprogress():
                yield from turn.wait()
            if not wanted():
                return
            telemetry.COMPUTATIONS.labels(params.kind).inc()
            with (
                telemetry.RUNNING.track_inprogress(),
                telemetry.COMPUTATION_SECONDS.labels(params.kind).time(),
            ):
                yield from self._kept(params, self._computed(params, wanted))

    def _computed(self, params: ParameterSet, wanted: Callable[[], bool]) -> Iterator[bytes]:
        sent = 0
        for _ in range(TRIES):
            process = self._taken()
            try:
                for text in after(sent, process.lines(params, wanted)):
                    sent += bool(text) and not text.startswith(PASSING)
                    yield text
            except _Died:
                logger.warning("a process that computed has ended; another one goes on")
                process.close()
                continue
            except GeneratorExit:  # whoever read it has left in the middle
                process.close()
                raise
            except Exception:
                self._given_back(process)
                raise
            self._given_back(process)
            return
        raise Broken

    def _kept(self, params: ParameterSet, lines: Iterator[bytes]) -> Iterator[bytes]:
        kept = []
        for text in lines:
            if text and not text.startswith(PASSING):
                kept.append(text)
            # Kept before anybody knows that it is finished.
            if text.startswith(END) and not params.is_private:
                self._cache.set(params.key(), b"".join(kept))
            yield text

    def _taken(self) -> _Process:
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        return idle or _Process()

    def _given_back(self, process: _Process) -> None:
        with self._lock:
            self._idle.append(process)

    @contextmanager
    def turn(self, cost: float) -> Iterator[None]:
        """A turn for what is computed for one answer alone, in the process that answers.

        Raises:
            Unavailable: if the queue is full.
        """
        with closing(self._turns.take(cost)) as turn:
            for _ in turn.wait():
                pass
            yield

    def close(self) -> None:
        """End the processes that have nothing to do."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

"""Who waits for a worker, in Redis: in the order of :mod:`eosdash.service.turns`, for all replicas.

A task of Celery is a permit to compute one result, whichever is the most urgent by then: of what
replicas ask for, much is left before its turn comes. What nobody follows any more is dropped.
"""

import json
import time
from typing import Any, NamedTuple

from redis import Redis

from eosdash.fields import ParameterSet
from eosdash.service import limits
from eosdash.service.settings import value
from eosdash.service.turns import full, length_of, urgency

QUEUE, JOB, FOLLOWED = (f"eosdash:{name}" for name in ("queue", "job", "followed"))

FOLLOWED_MS = 1000
"""How long readers count as following after their last look."""

KEPT_SECONDS = 120
"""How long anything is kept of who does not come back for it."""


class Job(NamedTuple):
    """What is to be computed: a parameter set, by its kind, key and query, for a token."""

    kind: str
    key: str
    query: dict[str, str]
    token: str


class _Place(NamedTuple):
    """A member of the queue."""

    arrived: int  # nanoseconds of the clock of who put it there
    length: int
    token: str

    @property
    def member(self) -> str:
        return f"{self.arrived:020d}-{self.length}-{self.token}"


class Waiting:
    """The queue of all replicas."""

    def __init__(self, redis: "Redis") -> None:
        """Through a client of Redis."""
        self._redis = redis

    def join(self, params: ParameterSet, token: str) -> None:
        """Wait for a worker.

        Raises:
            Unavailable: if the queue is full of what somebody follows.
        """
        if len(self._followed()) >= value("queue"):
            raise full()
        job = Job(params.kind, params.key(), params.query(), token)
        mine = _Place(time.time_ns(), length_of(limits.cost(params)), token)
        with self._redis.pipeline() as pipe:
            pipe.set(f"{JOB}:{token}", json.dumps(job), ex=KEPT_SECONDS)
            pipe.set(f"{FOLLOWED}:{token}", 1, px=FOLLOWED_MS)
            pipe.zadd(QUEUE, {mine.member: mine.arrived / 1e9})
            pipe.execute()

    def follow(self, token: str) -> None:
        """Count as following for a while."""
        self._redis.set(f"{FOLLOWED}:{token}", 1, px=FOLLOWED_MS)

    def is_followed(self, token: str) -> bool:
        """Whether anybody looks."""
        return bool(self._redis.exists(f"{FOLLOWED}:{token}"))

    def place(self, token: str) -> int | None:
        """How many come before one that waits, itself counted; None if it does not wait."""
        tokens = [place.token for place in _in_order(self._places())]
        return 1 + tokens.index(token) if token in tokens else None

    def take(self) -> Job | None:
        """Who is next, and waits no more."""
        for place in _in_order(self._followed()):
            if self._leave(place) and (job := self._job(place.token)):
                return job
        return None

    def leave(self, token: str) -> None:
        """Wait no more."""
        for place in self._places():
            if place.token == token:
                self._leave(place)

    def _job(self, token: str) -> Job | None:
        found: Any = self._redis.getdel(f"{JOB}:{token}")
        return Job(*json.loads(found)) if found else None

    def _leave(self, place: _Place) -> bool:
        """Whether it was still there: who takes a place out has it for himself."""
        return bool(self._redis.zrem(QUEUE, place.member))

    def _places(self) -> list[_Place]:
        members: Any = self._redis.zrange(QUEUE, 0, -1)
        parts = [member.decode().split("-", 2) for member in members]
        return [_Place(int(arrived), int(length), token) for arrived, length, token in parts]

    def _followed(self) -> list[_Place]:
        """Places that somebody follows; the others are dropped."""
        places = self._places()
        if not places:
            return []
        signs: Any = self._redis.mget([f"{FOLLOWED}:{place.token}" for place in places])
        left = [place for place, sign in zip(places, signs, strict=True) if not sign]
        if left:
            self._redis.zrem(QUEUE, *(place.member for place in left))
            self._redis.delete(*(f"{JOB}:{place.token}" for place in left))
        return [place for place, sign in zip(places, signs, strict=True) if sign]


def _in_order(places: list[_Place]) -> list[_Place]:
    now = time.time_ns()
    return sorted(places, key=lambda place: urgency(place.length, place.arrived, now))

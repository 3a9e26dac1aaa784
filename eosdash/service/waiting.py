"""Who waits for a worker, in Redis: in the order of :mod:`eosdash.service.turns`, for all replicas.

A task of Celery is a permit to compute one result, whichever is the most urgent by then: of what
replicas ask for, much is left before its turn comes. What nobody follows any more is dropped.
"""

import json
import time
from typing import Any, NamedTuple

from redis import Redis

from eosdash.fields import ParameterSet
from eosdash.service import kinds
from eosdash.service.settings import value
from eosdash.service.turns import full, length_of, urgency

QUEUE, JOB, FOLLOWED = (f"eosdash:{name}" for name in ("waiting", "job", "followed"))

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


class Waiting:
    """The queue of all replicas."""

    def __init__(self, redis: Redis) -> None:
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
        place = (length_of(kinds.cost(params)), time.time_ns())
        with self._redis.pipeline() as pipe:
            pipe.set(f"{JOB}:{token}", json.dumps(job), ex=KEPT_SECONDS)
            pipe.set(f"{FOLLOWED}:{token}", 1, px=FOLLOWED_MS)
            pipe.hset(QUEUE, token, json.dumps(place))
            pipe.execute()

    def follow(self, token: str) -> None:
        """Count as following for a while, in which what is to be computed is kept."""
        with self._redis.pipeline() as pipe:
            pipe.set(f"{FOLLOWED}:{token}", 1, px=FOLLOWED_MS)
            pipe.expire(f"{JOB}:{token}", KEPT_SECONDS)
            pipe.execute()

    def is_followed(self, token: str) -> bool:
        """Whether anybody looks."""
        return bool(self._redis.exists(f"{FOLLOWED}:{token}"))

    def place(self, token: str) -> int | None:
        """How many come before one that waits, itself counted; None if it does not wait."""
        tokens = self._in_order()
        return 1 + tokens.index(token) if token in tokens else None

    def take(self) -> Job | None:
        """Who is next, and waits no more."""
        for token in self._followed():
            if job := self.leave(token):
                return job
        return None

    def leave(self, token: str) -> Job | None:
        """Wait no more. What was to be computed, for the one who takes it out; for others None."""
        with self._redis.pipeline() as pipe:
            pipe.hdel(QUEUE, token)
            pipe.getdel(f"{JOB}:{token}")
            there, job = pipe.execute()
        return Job(*json.loads(job)) if there and job else None

    def _in_order(self) -> list[str]:
        """The tokens of all that wait, the most urgent first."""
        found: Any = self._redis.hgetall(QUEUE)
        now, places = time.time_ns(), {}
        for token, place in found.items():
            length, arrived = json.loads(place)
            places[token.decode()] = urgency(length, arrived, now)
        return sorted(places, key=places.__getitem__)

    def _followed(self) -> list[str]:
        """Those that somebody follows; the others are dropped."""
        tokens = self._in_order()
        signs: Any = self._redis.mget([f"{FOLLOWED}:{token}" for token in tokens]) if tokens else []
        for token, sign in zip(tokens, signs, strict=True):
            if not sign:
                self.leave(token)
        return [token for token, sign in zip(tokens, signs, strict=True) if sign]

"""The queue of several machines, in a real Redis: short work first, then the newest."""

import pytest

from eosdash.params import TrainParams
from eosdash.service.flights import Unavailable
from eosdash.service.turns import LONG_WAIT
from eosdash.service.waiting import FOLLOWED, JOB, QUEUE, Waiting

SHORT, LONG = TrainParams.make(steps=40), TrainParams.make(
    task="regression", depth=6, width=32, steps=20_000, lr=1e-4
)  # fmt: skip


@pytest.fixture
def waiting(redis_server):
    return Waiting(redis_server.client)


def taken(waiting):
    """The tokens of all that wait, in the order in which workers take them."""
    return [job.token for job in iter(waiting.take, None)]


def test_the_newest_is_next_and_long_work_comes_last(waiting):
    for token, params in {"a": SHORT, "long": LONG, "b": SHORT}.items():
        waiting.join(params, token)
    assert [waiting.place(token) for token in ("b", "a", "long", "nobody")] == [1, 2, 3, None]
    assert taken(waiting) == ["b", "a", "long"]


def test_what_is_taken_is_what_was_asked_for(waiting):
    waiting.join(LONG, "a")
    job = waiting.take()
    assert (job.kind, job.key, job.token) == ("train", LONG.key(), "a")
    assert TrainParams.make(**job.query) == LONG


def test_who_has_waited_long_is_next(waiting, monkeypatch):
    clock = [0]
    monkeypatch.setattr("eosdash.service.waiting.time.time_ns", lambda: clock[0])
    waiting.join(LONG, "old")
    clock[0] = LONG_WAIT // 2
    waiting.join(SHORT, "new")
    clock[0] = LONG_WAIT + 1
    assert taken(waiting) == ["old", "new"]


def test_what_nobody_follows_is_dropped(waiting, redis_server):
    for token in "abc":
        waiting.join(SHORT, token)
    redis_server.client.delete(f"{FOLLOWED}:b", f"{FOLLOWED}:c")  # as when their time is over
    waiting.follow("c")
    assert taken(waiting) == ["c", "a"]
    assert redis_server.client.exists(QUEUE, *(f"{JOB}:{token}" for token in "abc")) == 0


def test_a_full_queue_is_full_of_what_is_followed(waiting, redis_server, monkeypatch):
    monkeypatch.setenv("EOSDASH_QUEUE", "2")
    for token in "ab":
        waiting.join(SHORT, token)
    with pytest.raises(Unavailable):
        waiting.join(SHORT, "c")
    redis_server.client.delete(f"{FOLLOWED}:a")
    waiting.join(SHORT, "c")
    assert taken(waiting) == ["c", "b"]


def test_what_is_followed_is_kept_however_long_it_waits(waiting, redis_server):
    waiting.join(LONG, "a")
    redis_server.client.expire(f"{JOB}:a", 1)  # its time is all but over
    waiting.follow("a")
    assert redis_server.client.ttl(f"{JOB}:a") > 60
    assert taken(waiting) == ["a"]


def test_who_leaves_is_not_taken(waiting):
    for token in "ab":
        waiting.join(SHORT, token)
    waiting.leave("b")
    assert taken(waiting) == ["a"]


def test_two_workers_never_take_the_same(waiting, redis_server):
    other = Waiting(redis_server.client)
    waiting.join(SHORT, "a")
    assert [waiting.take() is None, other.take() is None] == [False, True]

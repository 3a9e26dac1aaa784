"""Who computes next: in which order, who gives way, and what is dropped."""

import threading

import pytest

from eosdash.service import turns
from eosdash.service.flights import Unavailable
from eosdash.service.turns import Turns
from tests.service.helpers import strict


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(turns, "SIGN", 0.01)


def states(*some):
    return [turn.state for turn in some]


def test_as_many_run_as_there_are_slots_and_the_newest_of_the_others_is_next():
    queue = Turns(2, 8)
    a, b, c, d, e = (queue.take(0.1) for _ in range(5))
    assert states(a, b, c, d, e) == ["runs", "runs", "waits", "waits", "waits"]
    b.close()
    assert states(c, d, e) == ["waits", "waits", "runs"]
    e.close()
    assert states(c, d) == ["waits", "runs"]
    a.close()
    assert states(c, d) == ["runs", "runs"]


def test_short_work_goes_before_long():
    queue = Turns(1, 8)
    first = queue.take(9.0)
    long, short, longer = queue.take(4.0), queue.take(0.3), queue.take(30.0)
    first.close()
    assert states(long, short, longer) == ["waits", "runs", "waits"]
    short.close()
    assert states(long, longer) == ["runs", "waits"]


def test_who_waits_is_told_its_place(soon):
    queue = Turns(1, 8)
    first, last, second = queue.take(0.1), queue.take(8.0), queue.take(0.1)
    signs = last.wait()
    assert strict(next(signs)) == {"type": "queued", "position": 2}
    first.close()
    assert strict(next(signs)) == {"type": "queued", "position": 1}
    second.close()
    assert list(signs) == []
    assert last.state == "runs"


def test_of_a_full_queue_the_one_that_would_come_last_gives_way(soon):
    queue = Turns(1, 2)
    held = queue.take(0.1)
    old, older = queue.take(0.1), queue.take(5.0)
    new = queue.take(0.1)
    assert states(held, old, older, new) == ["runs", "waits", "dropped", "waits"]
    with pytest.raises(Unavailable):
        list(older.wait())
    with pytest.raises(Unavailable):
        queue.take(7.0)  # it would come last itself


def test_what_nobody_wants_is_dropped_before_it_starts(soon):
    queue, wanted = Turns(1, 8), {"b": True}
    first = queue.take(0.1)
    a, b = queue.take(0.1), queue.take(0.1, lambda: wanted["b"])
    wanted["b"] = False
    first.close()
    assert states(a, b) == ["runs", "dropped"]
    a.close()
    assert queue.take(0.1).state == "runs"


def test_what_nobody_wants_waits_no_longer(soon):
    queue, wanted = Turns(1, 8), [True]
    queue.take(0.1)
    signs = queue.take(0.1, lambda: bool(wanted)).wait()
    assert next(signs)
    wanted.clear()
    assert next(signs, None) is None


def test_a_turn_is_given_back_once():
    queue = Turns(1, 8)
    first = queue.take(0.1)
    first.close()
    first.close()
    second, third = queue.take(0.1), queue.take(0.1)
    assert states(second, third) == ["runs", "waits"]


def test_who_has_waited_long_comes_before_the_short_and_the_new(monkeypatch):
    queue = Turns(1, 50)
    held, long, old = queue.take(0.1), queue.take(60.0), queue.take(0.1)
    monkeypatch.setattr(turns, "LONG_WAIT", 0)
    new = queue.take(0.1)
    held.close()
    assert states(long, old, new) == ["runs", "waits", "waits"]
    long.close()
    assert states(old, new) == ["runs", "waits"]


def test_many_threads_never_run_more_than_there_are_slots(soon):
    queue, lock, running, most = Turns(3, 100), threading.Lock(), 0, 0

    def work():
        nonlocal running, most
        for _ in range(20):
            turn = queue.take(0.1)
            list(turn.wait())
            with lock:
                running += 1
                most = max(most, running)
            with lock:
                running -= 1
            turn.close()

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= 3

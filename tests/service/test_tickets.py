"""The queue of a machine: how many compute at a time, in which order, and who has to come again."""

import fcntl
import os
import threading
import time
from contextlib import ExitStack

import pytest

from eosdash.service import tickets, turns
from eosdash.service.flights import Unavailable
from eosdash.service.local import shared_folder
from eosdash.service.tickets import Ticket
from tests.service.crowd import holder, refused, spawn, words, worker
from tests.service.helpers import SHORT, holds, strict, url


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "tickets"
    folder.mkdir()
    return folder


@pytest.fixture
def allow(monkeypatch):
    """Sets how many compute at a time, and how many wait."""

    def set_both(computations, queue=32):
        monkeypatch.setenv("EOSDASH_COMPUTATIONS", str(computations))
        monkeypatch.setenv("EOSDASH_QUEUE", str(queue))

    return set_both


def visible(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


# Order.


def started(folder, number, cost=0.1):
    """So many tickets that compute."""
    held = [Ticket(folder, cost) for _ in range(number)]
    assert [ticket.ahead() for ticket in held] == [0] * number
    return held


def test_the_newest_of_those_who_wait_is_next_and_the_others_count_down(folder, allow):
    allow(2)
    first, second = started(folder, 2)
    a, b, c = (Ticket(folder) for _ in range(3))
    assert [ticket.ahead() for ticket in (first, second, a, b, c)] == [0, 0, 3, 2, 1]
    second.close()
    assert [ticket.ahead() for ticket in (a, b, c)] == [2, 1, 0]
    b.close()  # who gives up waiting
    late = Ticket(folder)
    assert [ticket.ahead() for ticket in (a, late)] == [2, 1]
    for ticket in (first, c):
        ticket.close()
    assert [ticket.ahead() for ticket in (a, late)] == [0, 0]
    a.close()
    late.close()
    assert visible(folder) == []


def test_short_work_goes_before_long(folder, allow):
    allow(1)
    (first,) = started(folder, 1, 60.0)
    long, short, longer = (Ticket(folder, cost) for cost in (5.0, 0.2, 60.0))
    assert [ticket.ahead() for ticket in (long, short, longer)] == [2, 1, 3]
    first.close()
    assert [ticket.ahead() for ticket in (long, short, longer)] == [2 - 1, 0, 2]
    for ticket in (long, short, longer):
        ticket.close()


def test_who_has_waited_long_comes_before_the_newest(folder, allow, monkeypatch):
    allow(1)
    (first,) = started(folder, 1)
    long, older, newer = Ticket(folder, 30.0), Ticket(folder), Ticket(folder)
    assert [ticket.ahead() for ticket in (long, older, newer)] == [3, 2, 1]
    monkeypatch.setattr(turns, "LONG_WAIT", 0)
    assert [ticket.ahead() for ticket in (long, older, newer)] == [1, 2, 3]
    for ticket in (first, long, older, newer):
        ticket.close()


def test_who_waits_is_told_its_place(folder, allow):
    allow(1)
    (first,) = started(folder, 1)
    third, second = (Ticket(folder) for _ in range(2))
    signs = filter(None, tickets.wait(third))
    assert strict(next(signs)) == {"type": "queued", "position": 2}
    first.close()
    assert second.ahead() == 0
    assert strict(next(signs)) == {"type": "queued", "position": 1}
    second.close()
    assert list(signs) == []
    third.close()


def test_who_waits_hears_nothing_before_it_is_time_for_a_sign(folder, allow, monkeypatch):
    """By its first line an answer begins, and others are let in."""
    allow(1)
    monkeypatch.setattr(tickets, "SIGN", 1e9)
    (first,) = started(folder, 1)
    second = Ticket(folder)
    signs = tickets.wait(second)
    assert [next(signs) for _ in range(3)] == [b""] * 3
    first.close()
    second.close()


def test_as_many_compute_as_there_are_cores_unless_told(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.delenv("EOSDASH_COMPUTATIONS", raising=False)
    assert turns.slots() == 3
    monkeypatch.setenv("EOSDASH_COMPUTATIONS", "5")
    assert turns.slots() == 5


def most_at_once(told):
    running = most = 0
    for word in told:
        running += 1 if word == "begins" else -1
        most = max(most, running)
    return most


@pytest.mark.parametrize("computations", [1, 2])
def test_never_more_compute_at_a_time_than_allowed_in_all_processes(folder, allow, computations):
    allow(computations)
    told = folder.parent / "told"
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(spawn(worker, folder, 15, 0.003))
        assert holds(lambda: len(words(told)) == 90, 20)
    assert words(told).count("begins") == words(told).count("ends") == 45
    assert most_at_once(words(told)) <= computations
    assert visible(folder) == []


def test_who_draws_a_ticket_slowly_is_not_taken_for_the_first(folder, allow, monkeypatch):
    """It would begin beside one that came later and saw nobody."""
    allow(1)
    drawn, go_on = threading.Event(), threading.Event()
    flock = tickets.fcntl.flock

    def slow(handle, how):
        if threading.current_thread() is slow_one and not drawn.is_set():
            drawn.set()
            go_on.wait(0.2)
        flock(handle, how)

    slow_one = threading.Thread(target=lambda: held.append(Ticket(folder)))
    held = []
    monkeypatch.setattr(tickets.fcntl, "flock", slow)
    slow_one.start()
    assert drawn.wait(5)
    held.append(Ticket(folder))
    running = held[0].ahead() == 0
    go_on.set()
    slow_one.join(5)
    assert running
    assert sorted(ticket.ahead() for ticket in held) == [0, 1]
    for ticket in held:
        ticket.close()


def test_a_ticket_of_a_version_that_did_not_say_how_long_it_is_waits_too(folder, allow):
    allow(1)
    (first,) = started(folder, 1)
    old = folder / f"{time.time_ns():020d}"
    handle = os.open(old, os.O_CREAT | os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)
    mine = Ticket(folder, 9.0)
    assert mine.ahead() == 2
    os.close(handle)
    first.close()
    assert holds(lambda: mine.ahead() == 0)
    mine.close()


# Those who died.


def test_tickets_of_a_killed_process_are_nobodys(folder, allow):
    allow(1)
    with spawn(holder, folder, 3) as process:
        assert holds(lambda: words(folder.parent / "told") == ["holds 3"], 10)
        mine = Ticket(folder, 9.0)
        assert mine.ahead() == 3
        process.kill()
        process.join()
        assert holds(lambda: mine.ahead() == 0)
    assert len(visible(folder)) == 1
    mine.close()


def test_a_queue_full_of_tickets_of_killed_processes_is_empty(folder, allow):
    allow(1, queue=2)
    with spawn(holder, folder, 3) as process:
        assert holds(lambda: words(folder.parent / "told") == ["holds 3"], 10)
        assert refused(folder)
        process.kill()
        process.join()
    assert not refused(folder)
    assert visible(folder) == []


def test_a_ticket_is_not_taken_for_alive_because_of_the_number_of_its_process(
    folder, allow, monkeypatch
):
    """In a container that was started again, processes have the numbers that they had before."""
    allow(1)
    (folder / visible_name(folder)).touch()
    mine = Ticket(folder)
    assert mine.ahead() == 0
    mine.close()


def visible_name(folder):
    """The name of a ticket of this process."""
    ticket = Ticket(folder)
    (name,) = visible(folder)
    ticket.close()
    return name


def test_what_is_alive_is_left_alone(folder, allow, monkeypatch):
    allow(1)
    monkeypatch.setattr(tickets, "LOOK_FOR_THE_DEAD", 0)
    (first,), second = started(folder, 1), Ticket(folder)
    for _ in range(2):
        assert (first.ahead(), second.ahead()) == (0, 1)
    assert len(visible(folder)) == 2
    first.close()
    second.close()


# Full.


@pytest.mark.parametrize(("computations", "queue"), [(1, 0), (2, 3)])
def test_a_full_queue_tells_to_come_again(folder, allow, computations, queue):
    allow(computations, queue)
    held = [Ticket(folder) for _ in range(computations + queue)]
    with pytest.raises(Unavailable) as caught:
        Ticket(folder)
    assert (caught.value.status, caught.value.reason) == (503, "queue")
    assert 1 <= caught.value.retry_after <= 10
    assert len(visible(folder)) == computations + queue  # nothing is left of it
    held.pop(0).close()
    assert not refused(folder)
    for ticket in held:
        ticket.close()


def test_a_turn_ends_whatever_becomes_of_it(folder, allow):
    allow(1)

    def fail():
        with tickets.turn(folder, 0.1):
            assert len(visible(folder)) == 1
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert visible(folder) == []


# The app.


@pytest.fixture
def busy(make_client, allow):
    """A client of an app that computes one result at a time, of which one is held."""
    allow(1, queue=1)
    return make_client()


def the_queue():
    """The folder of the tickets of the app."""
    return shared_folder() / "tickets"


SWEEP = "/api/sweep.npz?depth=2&columns=5&starts=1&steps=9"


@pytest.mark.parametrize("path", [url(SHORT), f"/api/train.csv?{SHORT}", SWEEP])
def test_the_app_tells_to_come_again_when_the_queue_is_full(busy, told, path):
    held = [Ticket(the_queue()) for _ in range(2)]
    answer = busy.get(path)
    assert answer.status_code == 503
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert answer.get_json()["error"].keys() == {"field", "message", "allowed"}
    assert told == []
    for ticket in held:
        ticket.close()
    assert busy.get(path).status_code == 200


def test_the_app_tells_its_place_to_who_waits_and_then_computes(busy):
    (held,) = started(the_queue(), 1)
    answer = busy.get(url(SHORT))
    pieces = iter(answer.response)
    assert strict(next(pieces)) == {"type": "queued", "position": 1}
    held.close()
    body = b"".join(pieces)
    kept = b"".join(
        line for line in body.splitlines(keepends=True) if strict(line)["type"] != "queued"
    )
    assert busy.get(url(SHORT)).data == kept
    assert b'"queued"' not in kept


def test_who_leaves_the_queue_gives_its_place_back(busy, told):
    (held,) = started(the_queue(), 1)
    answer = busy.get(url(SHORT))
    assert len(visible(the_queue())) == 2
    answer.close()
    assert holds(lambda: len(visible(the_queue())) == 1)
    held.close()
    assert told == []


def test_what_is_in_the_cache_does_not_wait(busy):
    body = busy.get(url(SHORT)).data
    held = [Ticket(the_queue()) for _ in range(2)]
    assert busy.get(url(SHORT)).data == body
    for ticket in held:
        ticket.close()

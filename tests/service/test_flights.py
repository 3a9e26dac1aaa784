"""Single flight: what is asked for together is computed once, for as long as anybody reads it."""

import json
import threading
import time

import pytest

from eosdash.fields import ParameterError
from eosdash.params import TrainParams
from eosdash.service import flights as module
from eosdash.service.flights import ALIVE, GRACE, Broken, Flights, Unavailable
from eosdash.service.kinds import computed
from tests.service.helpers import (
    NEVER_ENDING,
    SHORT,
    arguments,
    cached,
    holds,
    records,
    streamed,
    strict,
    url,
)

PARAMS = TrainParams.make(**arguments(SHORT))
ROWS = [b'{"type":"chunk","step":%d}\n' % step for step in range(12)] + [b'{"type":"end"}\n']
BODY = b"".join(ROWS)


class Memory:
    """A cache."""

    def __init__(self):
        self.kept = {}

    def get(self, key):
        return self.kept.get(key)

    def set(self, key, body):
        self.kept[key] = body


class Stepwise:
    """An engine whose rows come when a test lets them."""

    def __init__(self, cache):
        self.cache, self.begun, self.stopped = cache, 0, 0
        self.may = threading.Semaphore(0)

    def let(self, rows=13):
        self.may.release(rows)

    def lines(self, params, wanted):
        self.begun += 1
        try:
            for row in ROWS:
                while not self.may.acquire(timeout=0.01):
                    if not wanted():
                        return
                    yield b""
                yield row
            self.cache.set(params.key(), BODY)
        finally:
            self.stopped += 1


@pytest.fixture
def cache():
    return Memory()


@pytest.fixture
def engine(cache):
    return Stepwise(cache)


@pytest.fixture
def flights(engine, cache):
    return Flights(engine, cache)


def body(following):
    """What a reader reads, without signs of life."""
    return b"".join(text for text in following if text != ALIVE)


def read_rows(following, number):
    """Reads so many rows at least."""
    while following.rows < number:
        next(following)


def together(number, work):
    """What so many threads return that begin in the same moment."""
    barrier, found = threading.Barrier(number), []

    def run():
        barrier.wait(10)
        found.append(work())

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == number
    return found


# One for all.


def test_what_is_asked_for_in_the_same_moment_is_computed_and_charged_once(flights, engine):
    engine.let()
    charged, states = [], []

    def ask():
        following = flights.follow(PARAMS, charge=lambda: charged.append(time.sleep(0.01)))
        states.append(following.state)
        return body(following)

    def slow_begin(*given):
        time.sleep(0.1)
        yield from lines(*given)

    lines, engine.lines = engine.lines, slow_begin
    assert together(50, ask) == [BODY] * 50
    assert (engine.begun, len(charged)) == (1, 1)
    assert sorted(states) == ["collapsed"] * 49 + ["miss"]


def test_the_app_computes_for_fifty_visitors_once(make_client, told):
    client = make_client()
    server = client.application
    found = together(50, lambda: server.test_client().get(url(SHORT)).data)
    assert len(set(found)) == 1
    assert records(found[0])[-1]["type"] == "end"
    assert told.count("100 begins") == 1
    assert client.get(url(SHORT)).data == found[0]


def test_different_results_are_different_flights(flights, engine):
    engine.let(2 * len(ROWS))
    other = TrainParams.make(**arguments(SHORT) | {"lr": 0.1})
    first, second = flights.follow(PARAMS), flights.follow(other)
    assert first.key != second.key
    assert (body(first), body(second)) == (BODY, BODY)
    assert (first.state, second.state, engine.begun) == ("miss", "miss", 2)


def test_who_comes_late_gets_all(flights, engine):
    first = flights.follow(PARAMS)
    engine.let(7)
    read_rows(first, 7)
    late = flights.follow(PARAMS)
    engine.let(6)
    assert late.state == "collapsed"
    assert body(late) == BODY
    assert engine.begun == 1


def test_what_is_finished_comes_from_the_cache_and_costs_nothing(flights, engine):
    engine.let()
    body(flights.follow(PARAMS))
    assert holds(lambda: engine.stopped)
    charged = []
    again = flights.follow(PARAMS, charge=lambda: charged.append(1))
    assert (again.state, body(again)) == ("hit", BODY)
    assert (engine.begun, charged) == (1, [])


def test_readers_of_an_entry_share_one_copy(flights, cache):
    cache.set(PARAMS.key(), BODY)
    logs = {flights.follow(PARAMS).log for _ in range(3)}
    first, second = flights.follow(PARAMS), flights.follow(PARAMS)
    assert first.log is second.log
    assert len(logs) >= 1


def test_a_charge_that_is_refused_begins_nothing(flights, engine):
    def refuse():
        raise Unavailable("too much", 9, status=429)

    for _ in range(2):
        with pytest.raises(Unavailable):
            flights.follow(PARAMS, charge=refuse)
    assert engine.begun == 0
    engine.let()
    assert body(flights.follow(PARAMS)) == BODY


# From a row on.


@pytest.mark.parametrize("row", range(len(ROWS) + 2))
@pytest.mark.parametrize("when", ["under way", "in the cache"])
def test_from_any_row_on_exactly_the_rest_comes(flights, engine, row, when):
    first = flights.follow(PARAMS)
    engine.let(5)
    read_rows(first, 5)
    if when == "in the cache":
        engine.let(8)
        body(first)
        assert holds(lambda: engine.stopped)
    following = flights.follow(PARAMS, row)
    assert following.state == ("hit" if when == "in the cache" else "collapsed")
    engine.let(8)
    assert body(following) == b"".join(ROWS[row:])
    assert following.rows == len(ROWS[row:])


@pytest.fixture
def fresh(make_client):
    return make_client()


PATHS = {
    "run": url(SHORT),
    "map": "/api/basin?depth=2&lr=0.9&resolution=64&steps=40&plane=random",
    "selected start": "/api/basin/run?depth=2&lr=0.9&resolution=16&steps=60&x=0.5&y=0.3",
    "sweep": "/api/sweep?depth=2&columns=9&starts=2&steps=30",
    "theory": "/api/theory?depth=2&starts=3&steps=20",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_the_app_answers_from_any_row_on(fresh, path):
    rows = [
        row
        for row in fresh.get(path).data.splitlines(keepends=True)
        if strict(row)["type"] != "progress"
    ]
    assert len(rows) > 3
    for number in range(len(rows) + 2):
        answer = fresh.get(f"{path}&row={number}")
        assert answer.status_code == 200
        assert answer.data == b"".join(rows[number:])


def test_a_result_may_be_begun_from_a_row_on(fresh):
    """A client that was cut off asks a server that knows nothing of it."""
    answer = fresh.get(url(f"{SHORT}&row=1"))
    assert answer.headers["Cache-Status"] == "eosdash; fwd=miss"
    whole = fresh.get(url(SHORT)).data
    assert whole.partition(b"\n")[2] == answer.data


@pytest.mark.parametrize("row", ["-1", "1.5", "", "x", "1000000", "١", "1e3", "+1"])
def test_what_is_no_row_is_refused(fresh, no_work, row):
    answer = fresh.get("/api/train", query_string=arguments(SHORT) | {"row": row})
    assert answer.status_code == 422
    assert answer.get_json()["error"]["field"] == "row"


# Readers who leave.


def test_when_the_last_reader_leaves_it_is_stopped_and_begun_anew_later(flights, engine):
    first, second = flights.follow(PARAMS), flights.follow(PARAMS)
    engine.let(3)
    read_rows(first, 3)
    first.close()
    second.close()
    assert holds(lambda: engine.stopped)
    again = flights.follow(PARAMS)
    assert again.state == "miss"
    engine.let()
    assert body(again) == BODY
    assert engine.begun == 2


def test_while_it_is_being_stopped_nobody_is_left_without_the_rest(flights, engine):
    """Whoever comes at the wrong moment gets a computation of its own."""
    for _ in range(6):
        first = flights.follow(PARAMS)
        first.close()
        time.sleep(GRACE)
        again = flights.follow(PARAMS)
        engine.let(1)
        while again.rows == 0:
            next(again)
        again.close()
        assert holds(lambda: engine.stopped == engine.begun)
        while engine.may.acquire(blocking=False):
            pass


def test_a_reader_that_comes_back_at_once_finds_it_alive(flights, engine):
    first = flights.follow(PARAMS)
    engine.let(3)
    read_rows(first, 3)
    first.close()
    again = flights.follow(PARAMS, row=3)
    time.sleep(3 * GRACE)
    assert engine.stopped == 0
    engine.let()
    assert again.state == "collapsed"
    assert body(again) == b"".join(ROWS[3:])
    assert engine.begun == 1


def test_one_reader_who_leaves_does_not_stop_the_other(flights, engine):
    first, second = flights.follow(PARAMS), flights.follow(PARAMS)
    engine.let(3)
    read_rows(first, 3)
    first.close()
    first.close()  # which counts once
    time.sleep(3 * GRACE)
    engine.let()
    assert body(second) == BODY
    assert engine.begun == 1


def test_a_reader_that_is_forgotten_has_left(flights, engine):
    flights.follow(PARAMS)
    assert holds(lambda: engine.stopped)


def test_a_reader_may_leave_while_another_is_charged(flights):
    """The garbage collector may close one anywhere."""
    other = TrainParams.make(**arguments(SHORT) | {"lr": 0.1})
    first, done = flights.follow(PARAMS), threading.Event()

    def ask():
        flights.follow(other, charge=first.close).close()
        done.set()

    threading.Thread(target=ask, daemon=True).start()
    assert done.wait(5)


def test_the_app_stops_when_all_have_left(fresh, told):
    answers = [fresh.application.test_client().get(url(NEVER_ENDING + "8003")) for _ in range(3)]
    for answer in answers:
        next(streamed(answer))
    for answer in answers[:2]:
        answer.close()
    time.sleep(3 * GRACE)
    assert "8003 stops" not in told
    answers[2].close()
    assert holds(lambda: "8003 stops" in told)
    assert "8003 ends" not in told


# Signs of life.


def test_a_silent_computation_gives_signs_of_life(flights, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT", 0.05)
    following = flights.follow(PARAMS)
    began = time.monotonic()
    assert [next(following) for _ in range(3)] == [ALIVE] * 3
    assert time.monotonic() - began > 0.1
    assert strict(ALIVE)["type"] == "alive"
    assert following.rows == 0


@pytest.fixture
def telling(cache):
    """Flights of a computation that tells that it waits, then a row, then nothing."""

    class Telling(Stepwise):
        def lines(self, params, wanted):
            yield b'{"type":"queued","position":2}\n'
            while not self.may.acquire(timeout=0.01):
                yield b'{"type":"queued","position":1}\n'
            yield ROWS[0]
            while wanted():
                time.sleep(0.01)
                yield b""

    engine = Telling(cache)
    return Flights(engine, cache), engine


def test_who_waits_is_told(telling):
    flights, engine = telling
    following = flights.follow(PARAMS)
    assert strict(next(following))["type"] == "queued"
    assert following.rows == 0
    engine.let(1)
    while (text := next(following)).startswith(b'{"type":"queued"'):
        assert 1 <= strict(text)["position"] <= 2
    assert text == ROWS[0]


def test_who_comes_late_is_not_told_of_a_queue_that_is_past(telling, monkeypatch):
    flights, engine = telling
    monkeypatch.setattr(module, "HEARTBEAT", 0.1)
    first = flights.follow(PARAMS)
    engine.let(1)
    read_rows(first, 1)
    late = flights.follow(PARAMS)
    assert [next(late) for _ in range(2)] == [ROWS[0], ALIVE]
    assert next(flights.follow(PARAMS, row=1)) == ALIVE


# Failures.


def failing(error, after):
    """A computation that fails after so many lines."""

    def lines(params):
        for number, text in enumerate(computed(params)):
            if number == after:
                raise error
            yield text

    return lines


def test_a_computation_that_fails_at_once_is_an_error_and_not_kept(fresh, monkeypatch, told):
    with monkeypatch.context() as patch:
        patch.setattr("eosdash.service.local.computed", failing(ArithmeticError("secret"), 0))
        for _ in range(2):
            answer = fresh.get(url(SHORT))
            assert answer.status_code == 500
            assert answer.get_json()["error"].keys() == {"field", "message", "allowed"}
            assert b"secret" not in answer.data
    answer = fresh.get(url(SHORT))
    assert not cached(answer)
    assert records(answer.data)[-1]["type"] == "end"
    assert told.count("100 begins") == 1


def test_a_computation_that_fails_on_its_way_ends_with_one_line_that_says_so(fresh, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("eosdash.service.local.computed", failing(ArithmeticError("secret"), 2))
        for _ in range(2):
            start, chunk, error = records(b"".join(firsts(fresh.get(url(SHORT)).response)))
            assert (start["type"], chunk["type"]) == ("start", "chunk")
            assert (error["type"], error["status"], error["retry_after"]) == ("error", 500, None)
            assert error["error"].keys() == {"field", "message", "allowed"}
            assert "secret" not in json.dumps(error)
    assert not cached(fresh.get(url(SHORT)))
    assert cached(fresh.get(url(SHORT)))


def firsts(pieces, most=20):
    """Some pieces of an answer that should have no more."""
    for number, piece in enumerate(pieces):
        assert number < most
        yield piece


def test_a_failure_is_raised_once_and_then_it_is_over(cache):
    class Failing:
        def lines(self, params, wanted):
            yield ROWS[0]
            raise ArithmeticError

    following = Flights(Failing(), cache).follow(PARAMS)
    assert next(following) == ROWS[0]
    with pytest.raises(Broken):
        next(following)
    assert list(following) == []
    assert cache.kept == {}


def test_all_who_follow_a_computation_that_fails_are_told(cache):
    class Failing:
        def lines(self, params, wanted):
            time.sleep(0.1)
            raise Unavailable("too much", 7)
            yield

    flights = Flights(Failing(), cache)

    def ask():
        with pytest.raises(Unavailable) as caught:
            list(flights.follow(PARAMS))
        return caught.value.retry_after

    assert together(8, ask) == [7] * 8


REFUSAL = ParameterError("plane", "it cannot be laid", "another")


@pytest.mark.parametrize("path", [url(SHORT), f"/api/train.csv?{SHORT}", f"/api/train.npz?{SHORT}"])
def test_what_only_the_computation_can_refuse_is_refused_before_any_line(fresh, monkeypatch, path):
    monkeypatch.setattr("eosdash.service.local.computed", failing(REFUSAL, 0))
    for _ in range(2):
        answer = fresh.get(path)
        assert answer.status_code == 422
        assert answer.get_json() == {"error": REFUSAL.as_dict()}


def test_what_is_refused_on_its_way_ends_with_a_line_that_says_so(fresh, monkeypatch):
    monkeypatch.setattr("eosdash.service.local.computed", failing(REFUSAL, 1))
    start, error = records(b"".join(firsts(fresh.get(url(SHORT)).response)))
    assert start["type"] == "start"
    assert error == {
        "type": "error", "status": 422, "error": REFUSAL.as_dict(), "retry_after": None
    }  # fmt: skip


@pytest.mark.parametrize("after", [0, 2])
def test_a_file_to_download_is_whole_or_an_error(fresh, monkeypatch, after):
    with monkeypatch.context() as patch:
        patch.setattr("eosdash.service.local.computed", failing(ArithmeticError(), after))
        assert fresh.get(f"/api/train.csv?{SHORT}").status_code == 500
    assert fresh.get(f"/api/train.csv?{SHORT}").status_code == 200

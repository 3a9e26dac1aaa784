"""What holds whichever way results are computed: by the web processes of one machine, or by Celery
workers for several of them."""

import itertools
import json
import time
from contextlib import ExitStack

import pytest

from benchmarks.clients import once, together
from tests.service.fleet import LONG_RUN, RUN, awaited, expected, holds, rows_of
from tests.service.spied import SILENT

MAP = "/api/basin?depth=2&resolution=512&steps=60"
LONG = itertools.count(19_000)
SHORT = itertools.count(1500)
NO_PLANE = "/api/basin?depth=4&init=weights&weights=1,1,1,1&plane=points&resolution=32&steps=50"
"""A start that is a minimizer: two of the three points that span the plane are one."""


@pytest.fixture
def steps():
    """Of a run of a second that nobody has asked for."""
    return next(SHORT)


@pytest.fixture
def many():
    """Of a run of several seconds."""
    return next(LONG)


def some_rows(answer, number):
    """The first rows of an answer, and perhaps signs of life."""
    body = b""
    while len(rows_of(body)) < number:
        body += answer.readline()
    return body


def test_forty_visitors_at_once_are_answered_by_one_computation(fleet, steps):
    path, bases = f"{RUN}{steps}", fleet.bases
    answers = awaited(together(40, lambda i: once(bases[i % len(bases)], path)))
    assert {answer.status for answer in answers} == {200}
    assert {b"".join(answer.rows()) for answer in answers} == {b"".join(expected(path))}
    assert fleet.begun(steps) == 1


def test_who_comes_late_in_another_process_misses_nothing(fleet, steps):
    path = f"{RUN}{steps}"
    with fleet.two() as (early, late):
        answer = early.ask(path)
        first = some_rows(answer, 4)
        _, body = late.read(path)
        assert rows_of(first + answer.read()) == rows_of(body) == expected(path)
    assert fleet.begun(steps) == 1


def test_a_silent_computation_is_followed_everywhere_and_gives_signs_of_life(fleet):
    path = f"{RUN}{SILENT}"
    with fleet.two() as (one, other):
        answer = one.ask(path)
        _, body = other.read(path)
        assert rows_of(answer.read()) == rows_of(body) == expected(path)
    assert b'{"type":"alive"}' in body
    assert fleet.begun(SILENT) == 1


@pytest.mark.parametrize("row", [1, 8])
def test_another_process_goes_on_from_any_row(fleet, steps, row):
    path = f"{RUN}{steps}"
    with fleet.two() as (one, other):
        answer = one.ask(path)
        some_rows(answer, 3)
        assert rows_of(other.read(f"{path}&row={row}")[1]) == expected(path)[row:]
        answer.read()
        kept, body = other.read(f"{path}&row={row}")
        assert body == b"".join(expected(path)[row:])
        assert kept.getheader("Cache-Status") == "eosdash; hit"
    assert fleet.begun(steps) == 1


def test_the_second_answer_is_kept_byte_for_byte_also_elsewhere(fleet, steps):
    path = f"{RUN}{steps}"
    with fleet.two() as visitors:
        first, body = visitors[0].read(path)
        assert first.getheader("Cache-Status") == "eosdash; fwd=miss"
        tags = set()
        for visitor in visitors:
            answer, again = visitor.read(path)
            assert answer.getheader("Cache-Status") == "eosdash; hit"
            assert again == b"".join(rows_of(body))
            tags.add(answer.getheader("ETag"))
        (tag,) = tags
        for visitor in visitors:
            answer, nothing = visitor.read(path, **{"If-None-Match": tag})
            assert (answer.status, nothing) == (304, b"")


def test_a_large_result_that_is_kept_is_read_by_many_at_once(fleet):
    with fleet.visitor() as visitor:
        body = b"".join(rows_of(visitor.read(MAP)[1]))
    assert len(body) > 5e6
    bases = fleet.bases
    answers = awaited(together(30, lambda i: once(bases[i % len(bases)], MAP)))
    assert {answer.headers["cache-status"] for answer in answers} == {"eosdash; hit"}
    assert {answer.body for answer in answers} == {body}


def test_when_all_have_left_the_computation_stops_and_nothing_is_kept(fleet, many):
    path = f"{LONG_RUN}{many}"
    with fleet.two() as visitors:
        for visitor in visitors:
            some_rows(visitor.ask(path), 2)
    left = time.monotonic()
    assert fleet.heard(f"{many} stops")
    print(f"stopped {time.monotonic() - left:.2f} s after all had left")
    assert f"{many} ends" not in fleet.told.read_text().splitlines()
    assert holds(lambda: not fleet.leftovers(), 2), fleet.leftovers()
    with fleet.visitor() as visitor:
        answer = visitor.ask(path)
        assert answer.getheader("Cache-Status") == "eosdash; fwd=miss"
        some_rows(answer, 2)
        assert fleet.begun(many) == 2


@pytest.mark.parametrize("leaver", [0, 1])
def test_one_who_leaves_stops_nothing_for_one_in_another_process(fleet, steps, leaver):
    path = f"{RUN}{steps}"
    with fleet.two() as visitors:
        answers = [visitor.ask(path) for visitor in visitors]
        bodies = [some_rows(answer, 2) for answer in answers]
        visitors[leaver].leave()
        stayed = 1 - leaver
        assert rows_of(bodies[stayed] + answers[stayed].read()) == expected(path)
    assert fleet.begun(steps) == 1


def test_what_only_the_computation_can_refuse_is_refused_everywhere(fleet):
    with fleet.two() as visitors:
        for visitor in visitors:
            answer, body = visitor.read(NO_PLANE)
            assert answer.status == 422
            assert json.loads(body)["error"]["field"] == "plane"


def test_a_full_queue_refuses_and_the_others_are_served_in_order(fleet):
    """The newest is next."""
    running, waiting = [next(LONG), next(LONG)], [next(SHORT), next(SHORT)]
    with ExitStack() as stack:
        bases = [fleet.bases[i % len(fleet.bases)] for i in range(5)]
        visitors = [stack.enter_context(fleet.visitor(base)) for base in bases]
        for visitor, steps in zip(visitors, running, strict=False):
            visitor.ask(f"{LONG_RUN}{steps}")
            assert fleet.heard(f"{steps} begins")
        answers = []
        for visitor, steps in zip(visitors[2:], waiting, strict=False):
            answers.append(visitor.ask(f"{RUN}{steps}"))
            sign = json.loads(answers[-1].readline())
            assert sign == {"type": "queued", "position": 1}
        refused, body = visitors[4].read(f"{RUN}{next(SHORT)}")
        assert refused.status == 503
        assert int(refused.getheader("Retry-After")) > 0
        assert json.loads(body)["error"].keys() == {"field", "message", "allowed"}
        visitors[0].leave()
        order = (1, 0)
        last = b""
        while b'"position":1' not in last:
            last = answers[order[1]].readline()
        for steps, answer in zip(waiting, answers, strict=True):
            assert rows_of(answer.read()) == expected(f"{RUN}{steps}")
        told = fleet.told.read_text().splitlines()
        next_one, last_one = (waiting[i] for i in order)
        assert told.index(f"{next_one} ends") < told.index(f"{last_one} begins")

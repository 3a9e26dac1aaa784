"""Results computed in a pool of processes: the same lines, whatever becomes of a process."""

import multiprocessing

import pytest
from flask import Flask

from eosdash.fields import ParameterError
from eosdash.params import BasinParams, ExplainParams, SweepParams, TheoryParams, TrainParams
from eosdash.service import pool as pool_module
from eosdash.service.cache import ResultCache
from eosdash.service.flights import Broken
from eosdash.service.kinds import computed
from eosdash.service.pool import PoolEngine
from eosdash.service.stream import PASSING

RESULTS = [
    TrainParams.make(steps=120),
    ExplainParams.make(steps=60, explanation="portrait"),
    BasinParams.make(depth=2, resolution=32, steps=50),
    SweepParams.make(columns=9, starts=3, steps=40),
    TheoryParams.make(depth=2, points=8, starts=2, steps=50),
]
LONG = TrainParams.make(
    task="whitened", depth=6, width=24, singular_values="1,.5", steps=4000, lr=0.01
)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("EOSDASH_CACHE_DIR", str(tmp_path))
    return ResultCache(Flask(__name__))


@pytest.fixture
def pool(cache):
    made = PoolEngine(cache)
    yield made
    made.close()


def rows(lines):
    return [text for text in lines if text and not text.startswith(PASSING)]


@pytest.mark.parametrize("params", RESULTS, ids=lambda params: params.kind)
def test_a_pool_computes_what_this_process_would(pool, cache, params):
    found = rows(pool.lines(params, lambda: True))
    assert found == rows(computed(params))
    assert cache.get(params.key()) == b"".join(found)


def test_what_is_wanted_no_more_stops_within_a_chunk_and_the_process_goes_on(pool, cache):
    wanted = True
    lines = pool.lines(LONG, lambda: wanted)
    assert next(text for text in lines if text)
    wanted = False
    assert len(rows(lines)) <= 1
    (process,) = pool._idle
    assert rows(pool.lines(RESULTS[0], lambda: True)) == rows(computed(RESULTS[0]))
    assert pool._idle == [process]
    assert cache.get(LONG.key()) is None


def test_another_process_goes_on_from_the_row_where_one_died(pool):
    params = LONG.model_copy(update={"steps": 150})
    found = []
    for text in pool.lines(params, lambda: True):
        if text and len(found) == 2:
            for child in multiprocessing.active_children():
                child.kill()
        found += rows([text])
    assert found == rows(computed(params))


def test_a_result_that_ends_every_process_is_given_up(pool, monkeypatch):
    begun = []

    class Dying(pool_module._Process):
        def __init__(self):
            super().__init__()
            begun.append(self)
            self._process.kill()
            self._process.join()

    monkeypatch.setattr(pool_module, "_Process", Dying)
    with pytest.raises(Broken):
        list(pool.lines(RESULTS[0], lambda: True))
    assert len(begun) == pool_module.TRIES


def test_what_only_the_computation_refuses_is_told_and_the_process_goes_on(pool):
    flat = SweepParams.make(columns=5, starts=2, steps=10).model_copy(
        update={"units": "relative", "target": 0.0}
    )
    with pytest.raises(ParameterError) as here:
        list(computed(flat))
    with pytest.raises(ParameterError) as there:
        list(pool.lines(flat, lambda: True))
    assert there.value.as_dict() == here.value.as_dict()
    assert rows(pool.lines(RESULTS[0], lambda: True)) == rows(computed(RESULTS[0]))


def test_a_reader_that_leaves_in_the_middle_gives_its_turn_back(pool):
    lines = pool.lines(LONG, lambda: True)
    assert next(text for text in lines if text)
    lines.close()
    assert rows(pool.lines(RESULTS[0], lambda: True)) == rows(computed(RESULTS[0]))
    assert pool._turns._running == 0

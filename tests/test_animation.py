"""The frames of an animation: the learning rates and the maps that the page plays."""

import json
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest

from eosdash.animation import caption, frames, rates, source
from eosdash.basins import ground_of
from eosdash.fields import ParameterError
from eosdash.params import BasinParams
from eosdash.runs import critical_lr_of
from eosdash.service.encoding import line
from eosdash.service.maps import play, start_record
from tests.service.helpers import arguments

MAPS = {
    "chain": "depth=2&lr=0.9&resolution=512&steps=200",
    "checked": "depth=3&lr=0.66&seed=1&extent=0.1,1.7&resolution=65&steps=150&twice=true",
    "pair": "depth=4&plane=weights:1,3&center=origin&extent=-1e-7,2,0.3,1",
    "random": "depth=4&width=2&resolution=128&steps=60&plane=random:3&center=origin",
    "matrix": "task=whitened&depth=3&hidden=3,4&singular_values=1,0.3&plane=hessian&rotate=true",
    "points": "depth=3&lr=0.5&init_scale=0.5&plane=points&weight_decay=0.01",
    "given": "depth=2&init=weights&weights=1.38,-0.59&target=-1.3",
}


@pytest.fixture(params=MAPS)
def params(request):
    return BasinParams.make(**arguments(MAPS[request.param]))


def played(params):
    return frames(params, ground_of(params).extent, critical_lr_of(params).value)


def script_number(value):
    """A number as JavaScript writes it, where that is how Python does but for a final ``.0``."""
    return repr(value).removesuffix(".0")


def browser_query(start, rate):
    """The query of a frame that the page sends, made from the first line of the map it shows."""
    texts = {
        **start["query"],
        "extent": ",".join(map(script_number, start["extent"])),
        "resolution": str(start["play"]["resolution"]),
        "twice": "false",
        "lr": script_number(rate),
    }
    return urlencode(texts)


def test_frames_are_those_that_the_page_plays(params):
    start = json.loads(line(start_record(params, ground_of(params))))
    asked = [browser_query(start, rate) for rate in start["play"]["lr"]]
    keys = [BasinParams.make(**dict(parse_qsl(query))).key() for query in asked]
    assert [frame.key() for frame in played(params)] == keys
    assert len(set(keys)) == len(keys) == 40


def test_rates_run_evenly_from_a_tenth_to_past_the_critical_one():
    found = np.array(rates(BasinParams.make(), 0.5))
    assert (found[0], found[-1]) == (0.05, 0.575)
    np.testing.assert_allclose(np.diff(found), 0.525 / 39, atol=1e-6)
    assert np.sum(found > 0.5) == 6


@pytest.mark.parametrize(
    ("critical", "last"),
    [(1 / 3, 0.383333), (12.3456789 / 1.15, 12.3457), (1.23456749e-5 / 1.15, 1.23457e-5)],
)
def test_rates_have_six_digits(critical, last):
    assert rates(BasinParams.make(), critical)[-1] == last


def test_frames_differ_in_the_learning_rate_alone(params):
    found = played(params)
    shared = [frame.model_dump(exclude={"lr"}) for frame in found]
    assert all(other == shared[0] for other in shared)
    changed = {"lr", "extent", "resolution", "twice"}
    assert found[0].model_dump(exclude=changed) == params.model_dump(exclude=changed)
    assert found[0].resolution == min(params.resolution, 128)
    assert not found[0].twice


def test_the_source_computes_the_frames(params):
    api = SimpleNamespace(basin=lambda **values: BasinParams.make(**values).key())
    found = played(params)
    assert eval(source(found), {"eosdash": api}) == [frame.key() for frame in found]


def test_the_caption_names_the_setup_without_a_learning_rate(params):
    words = caption(params)
    assert f"{params.steps:,} steps" in words
    assert "plane" in words
    assert "η" not in words
    assert words == caption(params.model_copy(update={"lr": 0.123}))


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("plane=trainability", "plane", "axis"),
        ("depth=2&target=0", "target", "inf"),
        ("depth=2&target=0.001", "target", "1000"),
        ("task=whitened&singular_values=0", "task", "inf"),
    ],
)
def test_where_there_is_nothing_to_play_that_is_said(query, field, words):
    params = BasinParams.make(**arguments(query))
    with pytest.raises(ParameterError, match=words) as caught:
        played(params)
    assert play(params) is None
    assert caught.value.field == field


def test_an_absent_critical_rate_is_refused():
    with pytest.raises(ParameterError) as caught:
        frames(BasinParams.make(), (-1, 1, -1, 1), None)
    assert caught.value.field == "target"


def test_the_largest_rates_are_played():
    """η_C = 1/|y|: 80 is within what can be played, up to 92."""
    assert played(BasinParams.make(depth=2, target=1 / 80))[-1].lr == 92

"""A result is the same, bit for bit, from parameters, from its link, from its Python call and over
HTTP."""

import io
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import eosdash
from eosdash import checks
from eosdash.fields import ParameterError, ParameterSet
from eosdash.params import BasinParams, ExplainParams, SweepParams, TheoryParams, TrainParams
from eosdash.service.encoding import first_record
from eosdash.service.explained import arrays_with_facts
from eosdash.service.kinds import computed
from eosdash.service.stream import PASSING
from tests.depth import examples
from tests.sets import sets

COMPUTE: dict[type[ParameterSet], Any] = {
    TrainParams: eosdash.train,
    ExplainParams: eosdash.explain,
    BasinParams: eosdash.basin,
    SweepParams: eosdash.sweep,
    TheoryParams: eosdash.check_theory,
}
KINDS = pytest.mark.parametrize("cls", COMPUTE, ids=lambda cls: cls.kind)
FEW = settings(max_examples=examples(8), suppress_health_check=list(HealthCheck))


def frozen(value: Any) -> Any:
    """A result as what can be compared to the last bit, without its parameters."""
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: frozen(part) for name, part in value.items() if name != "params"}
    if isinstance(value, np.ndarray | np.generic | float):
        array = np.asarray(value)
        return array.dtype.name, array.shape, array.tobytes()
    return tuple(map(frozen, value)) if isinstance(value, tuple | list) else value


def result_of(cls: type[ParameterSet], values: Mapping[str, Any]) -> Any:
    """The result of keyword arguments; what only the computation refuses is no example."""
    with np.errstate(all="ignore"):
        try:
            return COMPUTE[cls](**values)
        except ParameterError:
            assume(False)


SIGNS_OF_LIFE = (*PASSING, b'{"type":"alive"')


def lines_of(params: ParameterSet) -> list[bytes]:
    """The lines of a result, signs of life aside."""
    with np.errstate(all="ignore"):
        return [line for line in computed(params) if not line.startswith(SIGNS_OF_LIFE)]


@KINDS
@FEW
@given(st.data())
def test_a_link_and_a_python_call_give_the_same_numbers(cls: Any, data: st.DataObject) -> None:
    values = data.draw(sets(cls))
    found = frozen(result_of(cls, values))
    params = cls.make(**values)
    assert frozen(result_of(cls, params.query())) == found
    assert frozen(eval(params.call(), {"eosdash": eosdash})) == found


@KINDS
@FEW
@given(st.data())
def test_a_server_sends_the_numbers_of_the_link(
    cls: Any, client: FlaskClient, data: st.DataObject
) -> None:
    values = data.draw(sets(cls))
    result_of(cls, values)
    params = cls.make(**values)
    answer = client.get(f"/api/{cls.kind}?{urlencode(params.query())}")
    assert answer.status_code == 200, answer.text
    sent = [line for line in answer.data.splitlines(True) if not line.startswith(SIGNS_OF_LIFE)]
    assert sent == lines_of(params)


@pytest.mark.parametrize("cls", [cls for cls in COMPUTE if cls is not TheoryParams])
@FEW
@given(st.data())
def test_an_archive_holds_the_numbers_of_python(
    client: FlaskClient, cls: Any, data: st.DataObject
) -> None:
    values = data.draw(sets(cls))
    found = result_of(cls, values)
    answer = client.get(f"/api/{cls.kind}.npz?{urlencode(cls.make(**values).query())}")
    assert answer.status_code == 200, answer.text
    arrays = arrays_with_facts(found) if cls is ExplainParams else vars(found)
    with np.load(io.BytesIO(answer.data)) as archive:
        names = {name for name in archive.files if isinstance(arrays.get(name), np.ndarray)}
        assert names
        for name in names:
            np.testing.assert_array_equal(finite(archive[name]), finite(arrays[name]), name)


def finite(array: Any) -> Any:
    """JSON has no infinities, which come as NaN."""
    return np.where(np.isfinite(array), array, np.nan)


@KINDS
@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
@given(st.data())
def test_equal_keys_mean_equal_sets(cls: Any, data: st.DataObject) -> None:
    """Nothing that a set holds beside its link can have an effect."""
    params = cls.make(**data.draw(sets(cls)))
    again = cls.make(**params.query())
    assert again.key() == params.key()
    beside = {cls.cursor}
    assert again.model_dump(exclude=beside) == params.model_dump(exclude=beside)
    assert repr(again.model_dump(exclude=beside)) == repr(params.model_dump(exclude=beside))


WRITTEN_OTHERWISE = [
    (
        "train",
        {"task": "whitened", "width": 4, "singular_values": (0.2, 2, 1)},
        {"singular_values": (2, 1, 0.2)},
    ),
    (
        "basin",
        {"depth": 2, "plane": "trainability", "init_scale": 0.3, "lr": 0.1},
        {"init_scale": 3, "lr": 2},
    ),
    (
        "sweep",
        {"over": "depth", "low": 1, "high": 2, "depth": 7, "init": "balanced"},
        {"depth": 2, "init": "gaussian"},
    ),
    (
        "explain",
        {"depth": 2, "explanation": "spectrum", "at": 4, "steps": 9},
        {"steps": 700},
    ),
    (
        "train",
        {"task": "csv", "data": "1:-0.0,0:2,-1:1"},
        {"data": [(1, 0), (-0.0, 2), (-1, 1.0)]},
    ),
]


@pytest.mark.parametrize(("kind", "one", "change"), WRITTEN_OTHERWISE)
def test_what_shares_a_key_is_sent_alike(
    kind: str, one: dict[str, Any], change: dict[str, Any]
) -> None:
    (cls,) = (cls for cls in COMPUTE if cls.kind == kind)
    wide = {"d_in": 3, "d_out": 3, "steps": 20, "resolution": 16, "starts": 4}
    shared = {name: value for name, value in wide.items() if name in cls.model_fields}
    first, second = cls.make(**shared | one), cls.make(**shared | one | change)
    assert first.key() == second.key()
    assert lines_of(first) == lines_of(second)


@pytest.mark.parametrize("change", [{"seed": 3}, {"init_scale": 0.5}, {"init_scaling": "none"}])
@pytest.mark.parametrize("start", [{"init": "balanced"}, {"weights": [0.5] * 6}])
def test_random_points_of_the_theory_are_named_whatever_the_start_is(
    start: dict[str, Any], change: dict[str, Any]
) -> None:
    values = {
        "depth": 2,
        "width": 3,
        "points": 5,
        "starts": 2,
        "steps": 9,
        "init_scaling": "fan_in",
    }
    one, other = (TheoryParams.make(**values | start | more) for more in ({}, change))
    assert one.key() != other.key()
    assert lines_of(one)[2] != lines_of(other)[2]  # the sampled minimizers


@pytest.mark.parametrize(
    ("over", "words"),
    [("depth", "of 2 to 5 layers, 3 wide"), ("width", "of 4 layers, 2 to 5 wide")],
)
def test_a_sweep_over_sizes_names_them_all(over: str, words: str) -> None:
    params = SweepParams.make(over=over, low=2, high=5, width=3, depth=4)
    record = first_record(params)
    assert f"A linear network {words}, learns y = 1." == record["setup"]
    assert record["critical_lr"] is record["parameters"] is record["start_sharpness"] is None


def test_of_numbers_of_ones_own_the_theory_keeps_nothing() -> None:
    kept = checks._past_critical.cache_info().currsize
    values = {"depth": 2, "points": 3, "starts": 2, "steps": 9}
    eosdash.check_theory(task="csv", data="1:2,3:4,0:-1", **values)
    assert checks._past_critical.cache_info().currsize == kept

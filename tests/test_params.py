"""Parameter sets: what they say of themselves, how they are written, what they refuse."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from eosdash.fields import ParameterError, allowed_values
from eosdash.params import TrainParams

FIELDS = TrainParams.model_fields


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_describes_itself(name):
    field, about = FIELDS[name], TrainParams.about(name)
    assert field.title
    assert field.description
    assert field.description.endswith(".")
    assert about.group in {"network", "data", "step", "start", "run"}
    assert allowed_values(TrainParams, name)
    assert set(about.when) <= set(FIELDS)
    for other, values in about.when.items():
        assert set(values) <= set(get_args(FIELDS[other].annotation))


numbers = st.floats(0.0, 100.0)
SETS = st.fixed_dictionaries(
    {},
    optional={
        "task": st.sampled_from(["scalar", "whitened", "regression"]),
        "depth": st.integers(1, 12),
        "width": st.integers(1, 64),
        "hidden": st.lists(st.integers(1, 64), max_size=11).map(tuple),
        "d_in": st.integers(2, 16),
        "d_out": st.integers(2, 16),
        "target": st.floats(-100, 100),
        "singular_values": st.lists(numbers, min_size=1, max_size=2).map(tuple),
        "rotate": st.booleans(),
        "samples": st.integers(1, 100_000),
        "noise": st.floats(0, 10),
        "condition": st.floats(1, 1e4),
        "lr": st.floats(1e-300, 100),
        "weight_decay": st.floats(0, 10),
        "init": st.sampled_from(["gaussian", "balanced"]),
        "init_scale": numbers,
        "init_scaling": st.sampled_from(["none", "fan_in"]),
        "seed": st.integers(0, 2**32 - 1),
        "data_seed": st.integers(0, 2**32 - 1),
        "steps": st.integers(100, 20_000),
        "lr_schedule": st.dictionaries(st.integers(1, 99), st.floats(1e-9, 100), max_size=20).map(
            lambda changes: tuple(sorted(changes.items()))
        ),
        "eigenvalues": st.integers(1, 5),
    },
)


def made(values):
    """The parameter set, with a depth that fits the hidden widths."""
    if "hidden" in values:
        values = values | {"depth": len(values["hidden"]) + 1}
    return TrainParams.make(**values)


@given(SETS)
def test_a_query_is_read_back_as_it_was_written(values):
    params = made(values)
    again = TrainParams.make(**params.query())
    assert again.canonical() == params.canonical()
    assert again.query() == params.query()
    assert again.key() == params.key()
    assert all(isinstance(text, str) for text in params.query().values())


def text_of(value):
    """A value written as people do, in Python's own words."""
    if isinstance(value, tuple):
        return ", ".join(":".join(map(repr, v)) if isinstance(v, tuple) else repr(v) for v in value)
    return str(value)


@given(SETS)
def test_texts_and_typed_values_make_the_same_set(values):
    texts = {name: text_of(value) for name, value in values.items()}
    if "hidden" in values:
        texts["depth"] = str(len(values["hidden"]) + 1)
    assert TrainParams.make(**texts).key() == made(values).key()


@given(SETS, SETS)
def test_sets_that_differ_where_it_matters_have_different_keys(one, other):
    first, second = made(one), made(other)
    assert (first.canonical() == second.canonical()) == (first.key() == second.key())


@given(st.lists(st.floats(-1000, 1000), min_size=4, max_size=4))
def test_weights_survive_the_query_to_the_last_bit(weights):
    params = TrainParams.make(weights=weights)
    again = TrainParams.make(**params.query())
    assert again.weights == params.weights == tuple(weights)
    assert again.sizes == (1, 1, 1, 1, 1)


def test_equal_numbers_share_a_key():
    texts = [1, 1.0, np.float64(1), "1", "1.0", "1e0", " 1 ", "10e-1"]
    assert len({TrainParams.make(lr=text).key() for text in texts}) == 1


SAME = [
    ({"depth": 4, "width": 3}, {"hidden": "3,3,3"}),
    ({"depth": 4, "width": 3}, {"hidden": [3, 3, 3], "width": 7}),
    ({"depth": 1}, {"depth": 1, "width": 9}),
    ({"depth": 1}, {"hidden": []}),
    ({"weights": "1,2,3,4"}, {"init": "weights", "weights": (1, 2.0, 3, 4), "seed": 9}),
    ({"seed": 5, "init": "balanced"}, {"seed": 6, "init": "balanced"}),
    ({"samples": 5}, {"samples": 7, "noise": 1}),
    ({"target": 0.0}, {"target": "-0.0"}),
    ({"rotate": "true", "task": "whitened"}, {"rotate": True, "task": "whitened"}),
    ({"task": "whitened", "singular_values": "0.5,1"}, {"task": "whitened"}),
    ({"lr_schedule": "10:0.5,20:1"}, {"lr_schedule": [(10, 0.5), (20, 1.0)]}),
    ({"lr_schedule": ""}, {}),
    ({"hidden": None, "seed": None}, {}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_sets_that_compute_the_same_share_a_key(one, other):
    assert TrainParams.make(**one).key() == TrainParams.make(**other).key()


DIFFERENT = [
    {"lr": 0.47},
    {"lr": 0.46900000000000003},
    {"depth": 5},
    {"seed": 1},
    {"width": 2},
    {"target": -1},
    {"weight_decay": 1e-12},
    {"steps": 1501},
    {"eigenvalues": 2},
    {"init": "balanced"},
    {"init_scaling": "fan_in"},
    {"task": "whitened"},
    {"task": "regression"},
    {"hidden": "1,2,1"},
    {"lr_schedule": "10:0.469"},
]


def test_sets_that_differ_have_keys_of_their_own():
    keys = [TrainParams.make(**values).key() for values in [{}, *DIFFERENT]]
    assert len(set(keys)) == len(keys)


MALFORMED = [
    ("lr", "nan"),
    ("lr", float("inf")),
    ("lr", 0),
    ("lr", -1),
    ("lr", 101),
    ("lr", "fast"),
    ("lr", ""),
    ("lr", [1]),
    ("depth", 0),
    ("depth", 13),
    ("depth", 2.5),
    ("depth", "4.5"),
    ("width", 65),
    ("hidden", "3,0"),
    ("hidden", "3,x"),
    ("task", "magic"),
    ("activation", "tanh"),
    ("target", "nan"),
    ("target", 1e9),
    ("samples", 0),
    ("noise", -0.1),
    ("condition", 0.5),
    ("weight_decay", "-1"),
    ("init", "zeros"),
    ("init_scale", float("nan")),
    ("seed", -1),
    ("seed", 2**32),
    ("weights", "1,2,3"),
    ("weights", "1,2,3,4,5"),
    ("weights", "1,2,3,nan"),
    ("weights", "1,2,3,inf"),
    ("weights", "1,2,3,1001"),
    ("weights", "1,,3,4"),
    ("steps", 0),
    ("steps", 20_001),
    ("steps", "1e3.5"),
    ("eigenvalues", 6),
    ("lr_schedule", "10:0.5,10:0.6"),
    ("lr_schedule", "20:0.5,10:0.6"),
    ("lr_schedule", "10:0"),
    ("lr_schedule", "10"),
    ("lr_schedule", "1500:0.5"),
    ("lr_schedule", "0:0.5"),
    ("rotate", "perhaps"),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_a_malformed_value_is_named_with_what_is_allowed(name, value):
    with pytest.raises(ParameterError) as caught:
        TrainParams.make(**{name: value})
    assert caught.value.field == name
    assert caught.value.as_dict().keys() == {"field", "message", "allowed"}
    assert all(caught.value.as_dict().values())


WHITENED = [(), (1, 1, 1), (-1,), (101,), ("nan",)]


@pytest.mark.parametrize("values", WHITENED)
def test_singular_values_that_do_not_fit_are_refused(values):
    with pytest.raises(ParameterError) as caught:
        TrainParams.make(task="whitened", singular_values=values)
    assert caught.value.field == "singular_values"
    assert caught.value.allowed


def test_hidden_widths_that_do_not_fit_the_depth_are_refused():
    with pytest.raises(ParameterError, match="3 widths do not fit depth 3") as caught:
        TrainParams.make(depth=3, hidden=(1, 2, 3))
    assert caught.value.field == "hidden"


@given(st.text(min_size=1, max_size=20))
def test_an_unknown_name_is_told_which_names_there_are(name):
    assume(name not in FIELDS)
    with pytest.raises(ParameterError) as caught:
        TrainParams.make(**{name: 1})
    assert caught.value.field == name
    assert set(caught.value.allowed.split(", ")) == set(FIELDS)


@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=12) | st.floats() | st.integers())
def test_whatever_is_given_is_accepted_or_refused_by_name(name, value):
    refusal = None
    try:
        TrainParams.make(**{name: value})
    except ParameterError as error:
        refusal = error
    assert refusal is None or (refusal.field in FIELDS and refusal.allowed)


def test_sets_cannot_be_changed():
    with pytest.raises(ValidationError):
        TrainParams.make().lr = 2.0


def test_sizes():
    assert TrainParams.make(depth=3, width=5).sizes == (1, 5, 5, 1)
    assert TrainParams.make(task="whitened", d_in=3, d_out=4, hidden="6").sizes == (3, 6, 4)

"""Parameter sets: what they say of themselves, how they are written, what they refuse."""

import ast
import gc
import weakref
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from eosdash.basins import ground_of
from eosdash.core.maps.slices import Extent
from eosdash.fields import ParameterError, allowed_values
from eosdash.params import BasinParams, TrainParams
from eosdash.params.task import Task

FIELDS = TrainParams.model_fields

OF_A_RUN = {"lr_schedule", "eigenvalues", "lambda_min", "optimizer", "momentum", "batch"}
OF_A_RUN |= {"batch_seed"}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_describes_itself(name):
    field, about = FIELDS[name], TrainParams.about(name)
    assert field.title
    assert field.description
    assert field.description.endswith(".")
    assert about.group in {"network", "data", "step", "start", "run", "measured"}
    assert allowed_values(TrainParams, name)
    assert set(about.when) <= set(FIELDS)
    for other, values in about.when.items():
        assert set(values) <= set(get_args(FIELDS[other].annotation))


numbers = st.floats(0.0, 100.0)
SETS = st.fixed_dictionaries(
    {},
    optional={
        "task": st.sampled_from(get_args(Task)).filter(lambda task: task != "csv"),
        "activation": st.sampled_from(["linear", "tanh", "relu", "gelu", "softplus"]),
        "biases": st.booleans(),
        "loss": st.sampled_from(["squared", "cross_entropy"]),
        "degree": st.integers(0, 20),
        "depth": st.integers(1, 12),
        "width": st.integers(1, 64),
        "hidden": st.lists(st.integers(1, 64), max_size=11).map(tuple),
        "d_in": st.integers(2, 16),
        "d_out": st.integers(2, 16),
        "target": st.floats(-100, 100),
        "singular_values": st.lists(numbers, min_size=1, max_size=2).map(tuple),
        "rotate": st.booleans(),
        "samples": st.integers(2, 1797),
        "noise": st.floats(0, 10),
        "condition": st.floats(1, 1e4),
        "lr": st.floats(1e-300, 100),
        "weight_decay": st.floats(0, 10),
        "init": st.sampled_from(["gaussian", "uniform"]),
        "optimizer": st.sampled_from(["gradient_descent", "heavy_ball", "nesterov"]),
        "momentum": st.floats(0, 0.999),
        "batch": st.integers(0, 1),
        "batch_seed": st.integers(0, 2**32 - 1),
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
    ({"biases": False}, {}),
    ({"task": "moons", "loss": "cross_entropy"}, {"task": "moons"}),
    ({"activation": "tanh", "loss": "cross_entropy"}, {"activation": "tanh"}),
    ({"activation": "tanh", "batch_seed": 3}, {"activation": "tanh"}),
    ({"momentum": 0.5}, {}),
    ({"task": "csv", "data": "1:2,3:4"}, {"task": "csv", "data": [(1, 2), (3.0, 4)]}),
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
    {"activation": "tanh"},
    {"activation": "relu"},
    {"activation": "tanh", "biases": False},
    {"activation": "tanh", "batch": 1},
    {"optimizer": "heavy_ball"},
    {"optimizer": "nesterov"},
    {"optimizer": "nesterov", "momentum": 0.5},
    {"task": "chebyshev"},
    {"task": "chebyshev", "degree": 5},
    {"task": "moons"},
    {"task": "moons", "activation": "tanh"},
    {"task": "moons", "activation": "tanh", "loss": "cross_entropy"},
    {"task": "digits", "samples": 50},
    {"task": "csv", "data": "1:2,3:4"},
    {"task": "csv", "data": "1:2,3:5"},
    {"init": "uniform"},
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
    ("activation", "sigmoid"),
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
    ("momentum", "1"),
    ("momentum", "-0.1"),
    ("optimizer", "adam"),
    ("degree", "21"),
]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("init", {"activation": "tanh", "init": "balanced"}),
        ("samples", {"task": "digits", "samples": 1798}),
        ("samples", {"task": "chebyshev", "samples": 1}),
        ("samples", {"task": "toy", "activation": "relu", "samples": 2001}),
        ("batch", {"activation": "tanh", "task": "toy", "samples": 9, "batch": 10}),
        ("weights", {"activation": "tanh", "depth": 2, "weights": "1,2"}),  # and two biases
        ("data", {"task": "csv"}),
        ("data", {"task": "csv", "data": "1:2"}),
        ("data", {"task": "csv", "data": "1:2,3"}),
        ("data", {"task": "csv", "data": "1,3"}),
        ("data", {"task": "csv", "data": "1:2,3:nan"}),
        ("data", {"task": "csv", "data": "1:2,3:1e7"}),
        ("data", {"task": "csv", "data": "1:2,3:x"}),
        ("data", {"task": "csv", "data": ",".join(["1:2"] * 301)}),
        ("data", {"task": "csv", "data": ",".join([":".join("1234")] * 300)}),
        (
            "data",
            {"task": "csv", "data": "1:2,3:0.5", "activation": "tanh", "loss": "cross_entropy"},
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(field, values):
    with pytest.raises(ParameterError) as caught:
        TrainParams.make(**values)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("values", "sizes"),
    [
        ({"task": "chebyshev", "hidden": "30,20"}, (1, 30, 20, 1)),
        ({"task": "toy", "depth": 2, "width": 5}, (4, 5, 1)),
        ({"task": "moons", "depth": 2, "width": 5}, (2, 5, 2)),
        ({"task": "digits", "depth": 2, "width": 5}, (64, 5, 10)),
        ({"task": "csv", "depth": 1, "data": "1:2:3,4:5:6"}, (2, 1)),
    ],
)
def test_a_task_may_fix_the_ends_of_the_network(values, sizes):
    assert TrainParams.make(**values).sizes == sizes


def test_classes_of_ones_own_fix_the_number_of_outputs():
    values = {"task": "csv", "activation": "tanh", "depth": 1, "data": "1:0,2:2,3:1"}
    assert TrainParams.make(**values).sizes == (1, 1)
    assert TrainParams.make(**values, loss="cross_entropy").sizes == (1, 3)


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


# Maps.

MAP_FIELDS = BasinParams.model_fields


@pytest.mark.parametrize("name", MAP_FIELDS)
def test_every_field_of_a_map_describes_itself(name):
    field, about = MAP_FIELDS[name], BasinParams.about(name)
    assert field.title
    assert field.description.endswith(".")
    assert about.group in {"network", "data", "step", "start", "plane", "run"}
    assert allowed_values(BasinParams, name)
    for other, values in about.when.items():
        assert set(values) <= set(get_args(MAP_FIELDS[other].annotation))


def test_a_map_and_a_run_share_the_network():
    own = {"plane", "pair", "plane_seed", "center", "extent", "resolution", "steps", "twice"}
    assert set(MAP_FIELDS) - own == set(FIELDS) - OF_A_RUN - {"steps"}


@st.composite
def extents(draw):
    """In each way of giving one, with sides that double precision tells apart."""
    half = draw(st.floats(1e-3, 1e6))
    low, height = (draw(st.floats(-1e5, 1e5)) for _ in range(2))
    sides = (low, low + abs(height) + 1e-3)
    return draw(st.sampled_from([(half,), sides, (-half, half, *sides), ()]))


@st.composite
def map_sets(draw):
    """Values of a map that fit together."""
    values = draw(SETS)
    for name in OF_A_RUN:
        values.pop(name, None)
    if "hidden" in values:
        values["depth"] = len(values["hidden"]) + 1
    values["depth"] = max(values.get("depth", 4), 2)
    if len(values.get("hidden", (1,))) != values["depth"] - 1:
        values.pop("hidden", None)
    values["plane"] = draw(
        st.sampled_from(["weights", "random", "hessian", "points", "trainability"])
    )
    weights = TrainParams.make(**values_of_a_run(values)).network.parameters
    first = draw(st.integers(0, weights - 1))
    values["pair"] = (first, (first + draw(st.integers(1, weights - 1))) % weights)
    if values["plane"] == "trainability":
        values["extent"] = draw(st.sampled_from([(), (1.5,), (-2.0, 2.0), (-3.0, -1.0, 0.0, 0.5)]))
    else:
        values["extent"] = draw(extents())
    optional = {
        "plane_seed": st.integers(0, 2**32 - 1),
        "center": st.sampled_from(["origin", "start", "minimizer"]),
        "resolution": st.integers(16, 2048),
        "twice": st.booleans(),
    }
    return values | draw(st.fixed_dictionaries({}, optional=optional))


def values_of_a_run(values):
    return {name: value for name, value in values.items() if name in FIELDS}


@given(map_sets())
def test_a_query_of_a_map_is_read_back_as_it_was_written(values):
    params = BasinParams.make(**values)
    again = BasinParams.make(**params.query())
    assert again.canonical() == params.canonical()
    assert again.query() == params.query()
    assert again.key() == params.key()
    assert all(isinstance(text, str) for text in params.query().values())


@given(map_sets())
def test_texts_and_typed_values_make_the_same_map(values):
    texts = {name: text_of(value) for name, value in values.items()}
    assert BasinParams.make(**texts).key() == BasinParams.make(**values).key()


@given(map_sets(), map_sets())
def test_maps_that_differ_where_it_matters_have_different_keys(one, other):
    first, second = BasinParams.make(**one), BasinParams.make(**other)
    assert (first.canonical() == second.canonical()) == (first.key() == second.key())


@given(st.sampled_from(sorted(MAP_FIELDS)), st.text(max_size=12) | st.floats() | st.integers())
def test_whatever_a_map_is_given_is_accepted_or_refused_by_name(name, value):
    refusal = None
    try:
        BasinParams.make(**{name: value})
    except ParameterError as error:
        refusal = error
    assert refusal is None or (refusal.field in MAP_FIELDS and refusal.allowed)


@given(st.integers(0, 20), st.integers(0, 20), st.sampled_from(["{}:{},{}", "{}: {} , {}"]))
def test_a_pair_may_be_named_with_the_plane(first, second, form):
    assume(first != second)
    written = BasinParams.make(depth=12, width=2, plane=form.format("weights", first, second))
    apart = BasinParams.make(depth=12, width=2, plane="weights", pair=(first, second))
    assert written == apart
    assert (written.plane, written.pair) == ("weights", (first, second))


def test_a_plane_may_be_named_with_its_parameter():
    assert BasinParams.make(plane="weights:1,2").pair == (1, 2)
    assert BasinParams.make(plane="weights:1,2", pair="0,3").pair == (1, 2)
    drawn = BasinParams.make(plane="random:7")
    assert (drawn.plane, drawn.plane_seed) == ("random", 7)
    assert drawn.query()["plane"] == "random"
    assert drawn.query()["plane_seed"] == "7"


@given(st.floats(1e-3, 1e6))
def test_one_two_and_four_numbers_give_the_same_extent(half):
    ways = [
        half,
        (half,),
        (-half, half),
        (-half, half, -half, half),
        f"{half!r}",
        f"{-half},{half}",
    ]
    made_ = [BasinParams.make(extent=extent) for extent in ways]
    assert {params.key() for params in made_} == {made_[0].key()}
    assert {params.extent for params in made_} == {(-half, half, -half, half)}


def test_an_extent_of_two_numbers_holds_for_both_axes():
    assert BasinParams.make(extent="0,3").extent == (0, 3, 0, 3)
    assert BasinParams.make(extent=[0, 1, -2, 5]).extent == (0, 1, -2, 5)
    assert BasinParams.make(extent="").extent == BasinParams.make().extent == ()


@given(st.floats(1, 1e5), st.integers(0, 3))
def test_extents_that_differ_in_the_last_bit_have_keys_of_their_own(half, side):
    sides = [-half, half, -half, half]
    nudged = list(sides)
    nudged[side] = np.nextafter(nudged[side], 0)
    assert BasinParams.make(extent=sides).key() != BasinParams.make(extent=nudged).key()


SAME_MAPS = [
    ({"extent": 2}, {"extent": "-2.0,2e0"}),
    ({"extent": ()}, {}),
    ({"extent": "-0.0,1"}, {"extent": (0, 1, 0, 1)}),
    ({"plane": "random"}, {"plane": "random:0", "pair": (2, 3)}),
    ({"plane": "weights:0,1"}, {"plane_seed": 5}),
    ({"plane": "hessian", "pair": "1,2"}, {"plane": "hessian", "plane_seed": 4}),
    (
        {"plane": "trainability", "lr": 0.1, "init_scale": 2},
        {"plane": "trainability", "lr": 3, "center": "origin"},
    ),
    ({"twice": "false"}, {"twice": False, "steps": 500, "resolution": 512}),
    ({"weights": "1,2,3,4", "seed": 5}, {"weights": (1, 2, 3, 4), "init_scale": 3}),
]


@pytest.mark.parametrize(("one", "other"), SAME_MAPS)
def test_maps_that_compute_the_same_share_a_key(one, other):
    assert BasinParams.make(**one).key() == BasinParams.make(**other).key()


DIFFERENT_MAPS = [
    {"lr": 0.47},
    {"depth": 5},
    {"seed": 1},
    {"init_scale": 0.5},
    {"weight_decay": 1e-12},
    {"steps": 501},
    {"resolution": 511},
    {"twice": True},
    {"pair": (1, 0)},
    {"pair": (0, 2)},
    {"center": "origin"},
    {"center": "minimizer"},
    {"extent": 2},
    {"extent": (-2, 2, -2, 3)},
    {"plane": "random"},
    {"plane": "random:1"},
    {"plane": "random:1", "center": "origin"},
    {"plane": "hessian"},
    {"plane": "points"},
    {"plane": "points", "seed": 1},
    {"plane": "trainability"},
    {"plane": "trainability", "init": "balanced"},
    {"plane": "trainability", "extent": 1},
]


def test_maps_that_differ_have_keys_of_their_own():
    keys = [BasinParams.make(**values).key() for values in [{}, *DIFFERENT_MAPS]]
    assert len(set(keys)) == len(keys)


def test_a_map_and_a_run_have_keys_of_their_own():
    params = {"depth": 2, "steps": 100}
    assert BasinParams.make(**params).key() != TrainParams.make(**params).key()


@pytest.mark.parametrize("start", [{"weights": (1.0, 0.5, 0.4, 0.3)}, {"init": "balanced"}])
@pytest.mark.parametrize("change", [{"seed": 5}, {"init_scale": 0.25}, {"init_scaling": "fan_in"}])
def test_a_plane_through_another_start_is_named_by_what_that_is_drawn_from(start, change):
    """Beside a start that is given in another way, the plane of points has a Gaussian one."""
    drawn = {"init_scale": 0.5, "init_scaling": "none"}
    values = {"depth": 2, "width": 2, "plane": "points"} | drawn | start
    one, other = BasinParams.make(**values), BasinParams.make(**values | change)
    first, second = (ground_of(params).plane.starts(*np.ones((2, 1))) for params in (one, other))
    assert np.abs(first.theta - second.theta).max() > 0.01
    assert one.key() != other.key()


MALFORMED_MAPS = [
    ({"plane": "curved"}, "plane"),
    ({"plane": "hessian:1"}, "plane"),
    ({"plane": "points:1,2"}, "plane"),
    ({"plane": ""}, "plane"),
    ({"plane": "weights:1"}, "pair"),
    ({"plane": "weights:1,1"}, "pair"),
    ({"plane": "weights:"}, "pair"),
    ({"plane": "random:"}, "plane_seed"),
    ({"plane": "random:1.5"}, "plane_seed"),
    ({"pair": (0, 4)}, "pair"),
    ({"pair": (2, 2)}, "pair"),
    ({"pair": (-1, 0)}, "pair"),
    ({"pair": (0, 1, 2)}, "pair"),
    ({"pair": 1}, "pair"),
    ({"pair": "a,b"}, "pair"),
    ({"depth": 1}, "pair"),
    ({"depth": 1, "plane": "points"}, "plane"),
    ({"extent": (1, -1)}, "extent"),
    ({"extent": 0}, "extent"),
    ({"extent": -2}, "extent"),
    ({"extent": (1, 2, 3)}, "extent"),
    ({"extent": (1, 2, 3, 4, 5)}, "extent"),
    ({"extent": (0, 1, 1, 1)}, "extent"),
    ({"extent": float("nan")}, "extent"),
    ({"extent": (0, float("inf"))}, "extent"),
    ({"extent": 1.1e6}, "extent"),
    ({"extent": 1e-14}, "extent"),
    ({"extent": (1e6 - 1e-8, 1e6)}, "extent"),
    ({"extent": "1;2"}, "extent"),
    ({"plane": "trainability", "extent": 2.1}, "extent"),
    ({"plane": "trainability", "weights": (1, 2, 3, 4)}, "init"),
    ({"resolution": 4096}, "resolution"),
    ({"resolution": 15}, "resolution"),
    ({"resolution": 99.5}, "resolution"),
    ({"steps": 0}, "steps"),
    ({"steps": 20_001}, "steps"),
    ({"twice": "maybe"}, "twice"),
    ({"center": "middle"}, "center"),
    ({"plane_seed": -1}, "plane_seed"),
    ({"eigenvalues": 2}, "eigenvalues"),
]


@pytest.mark.parametrize(("values", "field"), MALFORMED_MAPS)
def test_a_malformed_map_is_refused_by_name_with_what_is_allowed(values, field):
    with pytest.raises(ParameterError) as caught:
        BasinParams.make(**values)
    assert caught.value.field == field
    assert all(text for name, text in caught.value.as_dict().items())


@given(st.floats(-9e5, 9e5), st.integers(16, 2048))
def test_the_smallest_extent_that_is_taken_has_pixels_that_differ(low, resolution):
    """And one of a tenth is refused."""
    side = 2.0**-48 * (resolution - 1) * max(1, abs(low)) * 1.01
    params = BasinParams.make(extent=(low, low + side), resolution=resolution)
    x, y = Extent(*params.extent).axes(resolution)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) > 0).all()
    with pytest.raises(ParameterError, match=r"double precision|is empty"):
        BasinParams.make(extent=(low, low + side / 10), resolution=resolution)


@pytest.mark.parametrize("sides", [(1, 1), (0, 1, 3, 3), (2, -2)])
def test_an_extent_without_area_is_called_empty(sides):
    with pytest.raises(ParameterError, match="empty"):
        BasinParams.make(extent=sides)


def test_a_map_is_called_in_python_as_it_was_asked_for():
    params = BasinParams.make(plane="weights:2,0", extent="0,2", twice=True, lr=0.3)
    call = ast.parse(params.call(), mode="eval").body
    assert ast.unparse(call.func) == "eosdash.basin"
    values = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert BasinParams.make(**values).key() == params.key()


@pytest.mark.parametrize("given", [{"weights": (1, 2)}, {"lr": -1}, {"magic": 1}])
def test_nothing_is_kept_of_what_was_refused(given):
    with pytest.raises(ParameterError) as caught:
        TrainParams.make(**given)
    error = weakref.ref(caught.value)
    del caught
    gc.collect()
    assert error() is None


@pytest.mark.parametrize("given", [{"lr": 5e-324}, {"lr": "1e-301"}, {"lr_schedule": "3:5e-324"}])
def test_learning_rates_with_an_infinite_threshold_are_refused(given):
    (name,) = given
    with pytest.raises(ParameterError, match=f"{name}: it is smaller than 1e-300"):
        TrainParams.make(**given)

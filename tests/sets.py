"""Random small parameter sets of every kind, fields without effect and unusual writing included."""

from typing import Any, get_args

from hypothesis import assume
from hypothesis import strategies as st

from eosdash.fields import ParameterError, ParameterSet
from eosdash.params import BasinParams, ExplainParams, SweepParams, TheoryParams, TrainParams
from eosdash.params.explain import Explanation
from eosdash.params.task import Task

seeds = st.integers(0, 2**32 - 1)
whole = st.integers(1, 3)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of all digits, of a few, and whole ones as integers."""
    few = st.floats(low, high).map(lambda x: min(max(round(x, 2), low), high))
    whole_ones = [n for n in range(int(low), int(high) + 1) if n >= low]
    return st.floats(low, high) | few | (st.sampled_from(whole_ones) if whole_ones else few)


TABLE = st.integers(1, 2).flatmap(
    lambda inputs: st.lists(
        st.tuples(*[numbers(-3, 3)] * inputs, st.sampled_from([0, 1, -0.0, 2])),
        min_size=2,
        max_size=6,
    )
)

DATA: dict[str, st.SearchStrategy[Any]] = {
    "d_in": whole,
    "d_out": whole,
    "target": numbers(-2, 2),
    "singular_values": st.lists(numbers(0, 2), min_size=1, max_size=2).map(tuple),
    "rotate": st.booleans(),
    "degree": st.integers(0, 7),
    "samples": st.integers(2, 9),
    "noise": numbers(0, 1),
    "condition": numbers(1, 50),
    "data_seed": seeds,
}
NETWORK: dict[str, st.SearchStrategy[Any]] = {
    "activation": st.sampled_from(["linear", "tanh", "relu", "gelu", "softplus"]),
    "biases": st.booleans(),
    "loss": st.sampled_from(["squared", "cross_entropy"]),
    "lr": numbers(0.01, 0.6),
    "weight_decay": st.sampled_from([0, 0, -0.0, 0.1]),
    "init": st.sampled_from(["gaussian", "uniform", "balanced", "weights"]),
    "init_scale": numbers(0.2, 1),
    "init_scaling": st.sampled_from(["none", "fan_in"]),
    "seed": seeds,
}
OWN: dict[type[ParameterSet], dict[str, st.SearchStrategy[Any]]] = {
    TrainParams: {
        "lr_schedule": st.lists(st.tuples(st.integers(1, 4), numbers(0.01, 0.5)), max_size=1),
        "optimizer": st.sampled_from(["gradient_descent", "heavy_ball", "nesterov"]),
        "momentum": numbers(0, 0.9),
        "batch": st.integers(0, 2),
        "batch_seed": seeds,
        "eigenvalues": whole,
    },
    BasinParams: {
        "plane": st.sampled_from(["weights", "random", "hessian", "points", "trainability"]),
        "pair": st.sampled_from([(0, 1), (1, 0)]),
        "plane_seed": seeds,
        "center": st.sampled_from(["origin", "start", "minimizer"]),
        "extent": st.sampled_from([(), 1, (-1, 1.5), (-1, 0.5, -0.0, 1)]),
        "twice": st.booleans(),
    },
    SweepParams: {
        "over": st.sampled_from(["lr", "lr", "depth", "width"]),
        "units": st.sampled_from(["relative", "absolute"]),
        "spacing": st.sampled_from(["linear", "log"]),
        "low": st.just(1),
        "high": st.just(2),
        "columns": st.integers(2, 4),
        "rates": st.lists(numbers(0.1, 1), max_size=2),
        "ratio": numbers(0.1, 1),
        "draw": st.sampled_from(["gaussian", "ball"]),
        "radius": numbers(0.5, 2),
        "observable": st.sampled_from(["loss", "sharpness", "output", "weight"]),
        "weight": st.integers(0, 1),
        "visits": st.integers(1, 9),
    },
    TheoryParams: {"activation": st.just("linear")},
}
OWN[ExplainParams] = OWN[TrainParams] | {
    "explanation": st.sampled_from(get_args(Explanation)),
    "at": st.integers(0, 8),
}
SIZES: dict[type[ParameterSet], dict[str, Any]] = {
    TrainParams: {"steps": 30},
    ExplainParams: {"steps": 12},
    BasinParams: {"steps": 12, "resolution": 16},
    SweepParams: {"steps": 12, "starts": 3},
    TheoryParams: {"steps": 20, "starts": 3, "points": 4},
}
TASKS = [task for task in get_args(Task) if task != "digits"]  # of 64 inputs, which are not small


@st.composite
def shapes(draw: st.DrawFn) -> dict[str, Any]:
    """Depth and width in either way of writing them, or neither."""
    widths = draw(st.lists(whole, max_size=2))
    together = {"depth": len(widths) + 1, "hidden": tuple(widths), "width": draw(whole)}
    apart = {"depth": draw(st.integers(1, 3)), "width": draw(whole)}
    return draw(st.sampled_from([together, apart, {"depth": 2}]))


@st.composite
def sets(draw: st.DrawFn, cls: type[ParameterSet]) -> dict[str, Any]:
    """Keyword arguments of a small set of that kind, of which some have no effect."""
    given = {name: draw(values) for name, values in (DATA | NETWORK | OWN[cls]).items()}
    task = draw(st.sampled_from(TASKS))
    given |= draw(shapes()) | SIZES[cls] | {"task": task}
    if task == "csv":
        given["data"] = draw(TABLE)
    left_out = draw(st.sets(st.sampled_from(sorted(DATA | NETWORK)), max_size=6))
    given = {name: value for name, value in given.items() if name not in left_out}
    try:
        if given.get("init") == "weights":
            number = cls.make(**given | {"init": "gaussian"}).network.parameters
            given["weights"] = draw(st.lists(numbers(-1, 1), min_size=number, max_size=number))
        cls.make(**given)
    except ParameterError:
        assume(False)
    return given

"""What a network has learned, step by step, beside its data."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.networks.data import Samples
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss
from eosdash.core.types import Array
from eosdash.explaining.records import Conclusion, Intro, Part, Records, Subject, walked
from eosdash.params import ExplainParams
from eosdash.runs import samples_of
from eosdash.shares import percent

FRAMES = 80
"""About how many steps are shown."""

CURVE_POINTS = 121
SIDE = 48
"""Points along either side of the grid that regions are drawn on."""

MOST_POINTS = 300
"""Of data that are drawn."""

IMAGES = 12
ROOM = 0.1
"""What is drawn beyond the data, as a share of their extent."""

Labels = NDArray[np.intp]
Frame = Callable[[Array], dict[str, NDArray[Any]]]
"""From θ (P,) to the arrays of a frame."""

KINDS = {
    "curve": "The curve is what the network puts out, the points are its data.",
    "regions": "The colours are the class that the network tells, the points are its data.",
    "scatter": "What the network puts out for its data against what it should.",
    "classes": "The share of the data whose class is told rightly.",
}


def kind_of(params: ExplainParams, samples: Samples) -> str:
    """How the learned function is shown."""
    inputs, outputs = params.sizes[0], params.sizes[-1]
    if samples.labels is not None:
        return "regions" if (inputs, outputs) == (2, 2) else "classes"
    return "curve" if inputs == 1 else "scatter"


def frames_of(steps: int) -> NDArray[np.int64]:
    """The steps that are shown: half of them evenly spaced, half denser at the start."""
    even = np.linspace(0, steps - 1, FRAMES // 2)
    early = np.geomspace(1, max(1, steps - 1), FRAMES // 2)
    return np.unique(np.concatenate([even, early]).round().astype(np.int64))


def function(subject: Subject) -> Records:
    """The learned function at F steps: ``step`` and ``loss`` (F,), and by its kind

    - ``curve``, one input: ``outputs`` (F, d_out, G) on the fact ``grid`` (G,);
    - ``regions``, two inputs and two classes: ``margin`` (F, N, N), the second output minus the
      first, on the facts ``x`` and ``y`` (N,), rows along y, and the ``accuracy`` (F,);
    - ``classes``: the ``accuracy`` (F,), and the classes told of some data, ``told`` (F, m);
    - ``scatter``: the ``outputs`` (F, m) beside the fact ``targets`` (m,).

    The facts hold the data too: ``inputs`` and ``targets``, or ``labels``, of at most 300 samples.
    """
    params, objective, _ = subject
    samples = samples_of(params)
    kind = kind_of(params, samples)
    facts, frame = _shown(kind, objective, samples)
    yield Intro((KINDS[kind],), {"shown": kind} | facts)
    wanted = set(frames_of(params.steps).tolist())
    made: dict[str, Any] = {}
    for stretch in walked(subject, 64):
        for row, theta in enumerate(stretch.path):
            step = stretch.step + row
            if step in wanted:
                made = {"step": step, "loss": stretch.loss[row], **frame(theta)}
                yield _part(made)
        last = (stretch.step + len(stretch.path) - 1, stretch.loss[-1], stretch.path[-1])
    if made["step"] != last[0]:
        made = {"step": last[0], "loss": last[1], **frame(last[2])}
        yield _part(made)
    yield Conclusion(_summary(made), {"step": made["step"]})


def _part(frame: dict[str, Any]) -> Part:
    return Part({name: np.asarray(values)[None] for name, values in frame.items()})


def _summary(last: dict[str, Any]) -> str:
    words = f"At step {last['step']:,}: loss {last['loss']:.3g}"
    if "accuracy" in last:
        return f"{words}, {percent(last['accuracy'])} of the classes right."
    return f"{words}."


def predict(objective: Loss, theta: Array, inputs: Array) -> Array:
    """f(x; θ) of one θ (P,) for inputs (d_in, n), (d_out, n)."""
    with np.errstate(all="ignore"):
        if isinstance(objective, Objective):
            return np.asarray(objective.product(theta) @ inputs)
        return objective.predict(theta, inputs)


def _some(count: int, most: int = MOST_POINTS) -> NDArray[np.int64]:
    """Indices of at most so many samples, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _span(values: Array, points: int) -> Array:
    """Evenly spaced over values and a little beyond."""
    low, high = float(values.min()), float(values.max())
    room = ROOM * (high - low) or 1.0
    return np.linspace(low - room, high + room, points)


def _shown(kind: str, objective: Loss, samples: Samples) -> tuple[dict[str, Any], Frame]:
    """The facts of a learned function, and what makes its frames."""
    if samples.labels is None:
        return (_curve if kind == "curve" else _scatter)(objective, samples)
    return (_regions if kind == "regions" else _classes)(objective, samples, samples.labels)


def _curve(objective: Loss, samples: Samples) -> tuple[dict[str, Any], Frame]:
    grid = _span(samples.inputs[0], CURVE_POINTS)
    some = _some(samples.inputs.shape[1])
    facts = {"grid": grid, "inputs": samples.inputs[0, some], "targets": samples.outputs[:, some]}
    return facts, lambda theta: {"outputs": predict(objective, theta, grid[None])}


def _regions(objective: Loss, samples: Samples, labels: Labels) -> tuple[dict[str, Any], Frame]:
    x, y = (_span(row, SIDE) for row in samples.inputs)
    points = np.array(np.meshgrid(x, y)).reshape(2, -1)
    some = _some(samples.inputs.shape[1])
    facts = {"x": x, "y": y, "inputs": samples.inputs[:, some], "labels": labels[some]}

    def frame(theta: Array) -> dict[str, NDArray[Any]]:
        first, second = predict(objective, theta, points)
        with np.errstate(invalid="ignore"):
            margin = (second - first).reshape(SIDE, SIDE)
        return {"margin": margin, "accuracy": _accuracy(objective, theta, samples)}

    return facts, frame


def _classes(objective: Loss, samples: Samples, labels: Labels) -> tuple[dict[str, Any], Frame]:
    some = _some(samples.inputs.shape[1], IMAGES)
    facts = {"inputs": samples.inputs[:, some], "labels": labels[some]}

    def frame(theta: Array) -> dict[str, NDArray[Any]]:
        told = predict(objective, theta, samples.inputs[:, some]).argmax(axis=0)
        return {"accuracy": _accuracy(objective, theta, samples), "told": told}

    return facts, frame


def _accuracy(objective: Loss, theta: Array, samples: Samples) -> NDArray[Any]:
    """Share of the samples whose largest output is that of their class; NaN where an output is
    not finite."""
    outputs = predict(objective, theta, samples.inputs)
    if not np.isfinite(outputs).all():
        return np.asarray(np.nan)
    return np.asarray(np.mean(outputs.argmax(axis=0) == samples.labels))


def _scatter(objective: Loss, samples: Samples) -> tuple[dict[str, Any], Frame]:
    some = _some(samples.inputs.shape[1], max(1, MOST_POINTS // len(samples.outputs)))
    inputs = samples.inputs[:, some]
    facts = {"targets": samples.outputs[:, some].ravel()}
    return facts, lambda theta: {"outputs": predict(objective, theta, inputs).ravel()}

"""The two flows beside a run: gradient flow, and the central flow."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.descent.gradient_descent import Stretch, learning_rates
from eosdash.core.flows.central_flow import CentralChunk, CentralEnding, CentralStatus, central_flow
from eosdash.core.flows.flow import (
    PATIENCE,
    WORK,
    FlowChunk,
    FlowEnding,
    FlowStatus,
    flow,
    times_of,
)
from eosdash.core.flows.smoothing import Smoother
from eosdash.core.maps.basin import Progress
from eosdash.core.types import Array
from eosdash.explaining.records import (
    Columns,
    Conclusion,
    Intro,
    Part,
    Point,
    Records,
    Subject,
    costs_of,
    edges,
    mean,
    median,
    point_at,
    rows_in,
    since,
    walked,
)
from eosdash.params import ExplainParams
from eosdash.runs import is_generic

SAMPLES = 600
"""About how many samples gradient flow gets: it is smooth."""

GRADIENTS_A_STEP = 20
LEAST_WORK = 5_000

DIRECTIONS = 3
"""How many eigenvectors may oscillate in the central flow."""

FLOW_NOTE = (
    "Gradient flow θ′ = −∇L(θ) stands beside the run at the time η · step (Cohen et al. 2021). "
    "Runge–Kutta steps of third order, error 10⁻⁶ a step."
)
CENTRAL_NOTES = (
    "[[Central flow]] (Cohen et al. 2024, arXiv:2410.24206): the average path and the variance "
    "of the oscillation about it, from the start of the run alone.",
    "Approximate: three directions oscillate at most, third derivatives are differences, and a "
    "step of the flow is one of Runge–Kutta. How an oscillation begins is not in it: gradient "
    "descent passes 2/η and turns later.",
)
KINKS = (
    "ReLU has kinks, and the curvature that changes there is not seen: take this as a rough guide."
)

STOPPED = {
    FlowStatus.OVERWORKED: "It was given up there: too stiff, or too long",
    FlowStatus.OVERFLOWED: "It left every ball there",
    FlowStatus.STUCK: "No step is small enough for it there",
}


def gradient_flow(subject: Subject) -> Records:
    """Gradient flow from θ at the step ``at``: ``step`` and ``time`` = Σ η of the run beside
    each sample, ``loss``, ``sharpness``, ``grad_norm`` and whether it ``converged``, (T,) each."""
    params = subject.params
    momentum = params.rule.momentum
    longer = ("With momentum β a step counts as η/(1 − β).",) if momentum else ()
    yield Intro((FLOW_NOTE, *longer), {"at": params.at})
    begin = Point(0, subject.start)
    for found in point_at(subject):
        if isinstance(found, Progress):
            yield found
        else:
            begin = found
    times = times_of(learning_rates(params.lr, params.lr_schedule, params.steps))
    ahead = params.steps - begin.step
    chosen = np.arange(begin.step, params.steps + 1, max(1, -(-ahead // SAMPLES)))
    passed = (times[chosen] - times[begin.step]) / (1 - momentum)
    steps, peak, last = chosen, (-np.inf, begin.step), np.nan
    for part in _paced(subject, begin.theta, passed, int(ahead / (1 - momentum))):
        if isinstance(part, FlowEnding):
            yield _flow_conclusion(params, begin, part, peak, last)
            return
        steps = chosen[part.step : part.step + len(part.time)]
        if not len(steps):
            yield Progress(part.step, len(chosen))
            continue
        yield Part(_flow_columns(part, steps, times[steps]))
        peak = max(peak, *zip(part.sharpness.tolist(), steps.tolist(), strict=True))
        last = float(part.loss[-1])


def _paced(
    subject: Subject, theta: Array, times: Array, ahead: int
) -> Iterator[FlowChunk | FlowEnding]:
    """Gradient flow in chunks that take a fraction of a second, and of bounded work: so many
    steps of gradient descent are ``ahead``."""
    costs = costs_of(subject.params)
    return flow(
        subject.objective,
        theta,
        times,
        work=min(WORK, max(LEAST_WORK, GRADIENTS_A_STEP * ahead)),
        longest=rows_in(costs.sharpness),
        patience=rows_in(costs.step, PATIENCE),
    )


def _flow_columns(part: FlowChunk, steps: NDArray[Any], times: Array) -> Columns:
    return {
        "step": steps,
        "time": times,
        "loss": part.loss,
        "sharpness": part.sharpness,
        "grad_norm": part.grad_norm,
        "converged": part.converged,
    }


def _flow_conclusion(
    params: ExplainParams, begin: Point, ending: FlowEnding, peak: tuple[float, int], last: float
) -> Conclusion:
    highest, where = peak
    words = (
        f"Gradient flow from {since(params, begin)}: its sharpness is at most "
        f"{edges(params, highest, where)}, at step {where:,}; its loss falls to {last:.3g}."
    )
    if ending.status in STOPPED:
        words += f" {STOPPED[ending.status]}."
    values = {"status": str(ending.status), "highest": highest, "highest_step": where, "loss": last}
    return Conclusion(words, values)


class _Walk:
    """The run, given out in stretches of the lengths that are asked for, and what is measured."""

    def __init__(self, subject: Subject) -> None:
        self._stretches: Iterator[Stretch] = walked(subject, 256)
        self._path = np.empty((0, len(subject.start)))
        self._loss = np.empty(0)
        generic = is_generic(subject.params, subject.objective, subject.start)
        self._spectrum = SpectrumTracker(subject.objective, 1, generic, False)

    def take(self, count: int) -> tuple[Array, Array, Array]:
        """Up to ``count`` more points (n, P), their losses and sharpnesses (n,)."""
        while len(self._path) < count and (stretch := next(self._stretches, None)) is not None:
            self._path = np.concatenate([self._path, stretch.path])
            self._loss = np.concatenate([self._loss, stretch.loss])
        path, loss = self._path[:count], self._loss[:count]
        self._path, self._loss = self._path[count:], self._loss[count:]
        sharpness = self._spectrum(path).top[:, 0] if len(path) else np.empty(0)
        return path, loss, sharpness


class _Beside:
    """A central flow beside the run: columns as far as both are known.

    The smooth path of the run lags by a step; rows wait for it.
    """

    def __init__(self, subject: Subject) -> None:
        self.walk, self.smoother = _Walk(subject), Smoother()
        self.flowed = np.empty((0, len(subject.start)))
        self.waiting: Columns = {}
        self.step = 0
        self.over = False

    def add(self, chunk: CentralChunk) -> Columns:
        """The columns that a chunk completes."""
        path, loss, sharpness = self.walk.take(len(chunk.time))
        self.over = len(path) < len(chunk.time)
        some = slice(0, len(path))
        columns = {
            "step": chunk.step + np.arange(len(path)),
            "time": chunk.time[some],
            "loss": chunk.loss[some],
            "mean_loss": chunk.mean_loss[some],
            "sharpness": chunk.sharpness[some],
            "variance": chunk.total_variance[some],
            "rank": chunk.rank[some],
            "critical": chunk.critical[some],
            "converged": chunk.converged[some],
            "run_loss": loss,
            "run_sharpness": sharpness,
        }
        self._hold(columns)
        self.flowed = np.concatenate([self.flowed, chunk.path[some]])
        smooth = self.smoother(chunk.step, path)
        square, distance = np.full(len(smooth.path), np.nan), np.full(len(smooth.path), np.nan)
        with np.errstate(all="ignore"):
            first = smooth.step - self.step
            rows = self.flowed[first : first + len(smooth.centre)]
            distance = np.linalg.norm(smooth.centre - rows, axis=1)
            square = np.einsum("tp,tp->t", smooth.displacement, smooth.displacement)
        start = np.full(first, np.nan)  # the first step has no step before it
        return self._give({"run_variance": np.append(start, square),
                           "distance": np.append(start, distance)})  # fmt: skip

    def _hold(self, columns: Columns) -> None:
        held = self.waiting
        self.waiting = {
            name: np.concatenate([held[name], rows]) if held else rows
            for name, rows in columns.items()
        }

    def _give(self, measured: Columns) -> Columns:
        count = len(measured["distance"])
        given = {name: rows[:count] for name, rows in self.waiting.items()} | measured
        self.waiting = {name: rows[count:] for name, rows in self.waiting.items()}
        self.flowed, self.step = self.flowed[count:], self.step + count
        return given

    def rest(self) -> Columns:
        """The rows at the end that no smooth path reaches."""
        nothing = np.full(len(self.flowed), np.nan)
        return self._give({"run_variance": nothing, "distance": nothing})


def central(subject: Subject) -> Records:
    """The central flow beside the run, row t for step t, (T,) each.

    Of the flow: ``time``, ``loss`` L(w), ``mean_loss``, the prediction for the average of the
    loss, ``sharpness``, ``variance`` tr Σ, its ``rank``, the number of ``critical`` eigenvalues,
    and whether it ``converged``. Of the run: ``run_loss``, ``run_sharpness``, ``run_variance``
    ‖θ_t − c_t‖² for its smooth path c, whose average compares with ``variance``, and the
    ``distance`` between c and w; the last two are NaN at either end.
    """
    params, objective, start = subject
    notes = CENTRAL_NOTES + ((KINKS,) if params.activation == "relu" else ())
    yield Intro(notes)
    rates = learning_rates(params.lr, params.lr_schedule, params.steps)
    beside, seen, ending = _Beside(subject), [], None
    pace = rows_in(costs_of(params).central, 64)
    for part in central_flow(objective, start, rates, DIRECTIONS, longest=pace):
        if isinstance(part, CentralEnding):
            ending = part
            break
        seen.append(beside.add(part))
        yield Part(seen[-1])
        if beside.over:
            break
    seen.append(beside.rest())
    yield Part(seen[-1])
    columns = {name: np.concatenate([part[name] for part in seen]) for name in seen[0]}
    yield _central_conclusion(columns, ending)


def _central_conclusion(columns: Columns, ending: CentralEnding | None) -> Conclusion:
    """Averages from the first step on at which an eigenvalue of the flow is at 2/η."""
    values: dict[str, Any] = {
        "status": str(ending.status if ending else CentralStatus.FINISHED),
        "edge": None,
        "distance": median(columns["distance"]),
    }
    at_edge = np.flatnonzero(columns["critical"])
    if not at_edge.size:
        words = "The central flow stays below 2/η: there it is gradient flow."
        return Conclusion(words + _stopped(ending), values)
    values["edge"] = edge = int(at_edge[0])
    some = slice(edge, None)
    values["distance"] = median(columns["distance"][some])
    said = {}
    for name, predicted, measured, average in COMPARED:
        told = average(columns[predicted][some])
        found = average(columns[measured][some])
        values |= {f"{name}_predicted": told, f"{name}_measured": found}
        said[name] = f"{told:.4g} told, {found:.4g} found"
    return Conclusion(
        f"Central flow at the edge from step {edge:,}: median sharpness {said['sharpness']}; mean "
        f"loss {said['loss']}; variance {said['variance']}; paths {values['distance']:.2g} apart."
        + _stopped(ending),
        values,
    )


COMPARED = (
    ("sharpness", "sharpness", "run_sharpness", median),
    ("loss", "mean_loss", "run_loss", mean),
    ("variance", "variance", "run_variance", mean),
)
"""What is predicted and measured: its name, the two columns, and how they are averaged."""


def _stopped(ending: CentralEnding | None) -> str:
    """How a central flow ended, where it did not go all the way."""
    if ending is None or ending.status is CentralStatus.FINISHED:
        return ""
    if ending.status is CentralStatus.CROWDED:
        return f" More than {DIRECTIONS} directions may oscillate."
    if ending.status is CentralStatus.OVERFLOWED:
        return f" It overflows at step {ending.samples:,}."
    return (
        f" It says nothing from step {max(0, ending.samples - 1):,} on: there the sharpness is far "
        "above 2/η, or no oscillation could hold it down."
    )

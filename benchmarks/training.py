"""Training with the exact sharpness at every step, against autograd and ARPACK."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.autograd import sharpness_curve
from benchmarks.report import Row
from eosdash.core.networks.linear import Objective
from eosdash.core.types import Array
from eosdash.params import TrainParams
from eosdash.runs import objective_of, start_of, train_run

PROMISED = 1e-6


@dataclass(frozen=True)
class Case:
    """A run, how often to repeat it, and how many times faster it has to be."""

    name: str
    params: dict[str, Any]
    repetitions: int
    target: float | None = None
    tuned: bool = False


REGRESSION = {
    "task": "regression", "hidden": "30,20", "d_in": 5, "d_out": 3, "samples": 100,
    "init_scale": 0.1, "init_scaling": "fan_in", "steps": 1000,
}  # fmt: skip
DEEP = {
    "task": "whitened", "depth": 8, "width": 32, "d_in": 4, "d_out": 4,
    "singular_values": "1,0.8,0.6,0.4", "init_scale": 0.9, "init_scaling": "fan_in", "lr": 0.05,
    "steps": 60,
}  # fmt: skip
CHAIN = {
    "task": "scalar", "depth": 4, "weights": "1.38,0.59,0.43,1.14", "lr": 0.469, "steps": 1000,
}  # fmt: skip

CASES = (
    Case("linear 5-30-20-3, n = 100, η = 0.35", REGRESSION | {"lr": 0.35}, 3, 50),
    Case("linear 5-30-20-3, n = 100, η = 0.45", REGRESSION | {"lr": 0.45}, 3, 50),
    Case("the same at η = 0.35 against tuned eigsh", REGRESSION | {"lr": 0.35}, 3, tuned=True),
    Case("the same at η = 0.45 against tuned eigsh", REGRESSION | {"lr": 0.45}, 3, tuned=True),
    Case("the same at η = 0.45, a short run", REGRESSION | {"lr": 0.45, "steps": 300}, 3),
    Case("the same with λ_min", REGRESSION | {"lr": 0.45, "steps": 300, "lambda_min": True}, 3),
    Case("linear, depth 8, width 32, 4 → 4", DEEP, 3),
    Case("the same with λ_min", DEEP | {"lambda_min": True}, 3),
    Case("scalar chain, depth 4", CHAIN, 3),
)


def run(case: Case) -> list[Row]:
    """Time both sides by turns, the best of each.

    Raises:
        AssertionError: if the eigenvalues do not agree to 1e-6.
    """
    params = TrainParams.make(**case.params)
    objective = objective_of(params)
    start, samples = start_of(params, objective), draw_samples(params, objective)
    ours = theirs = np.inf
    for _ in range(case.repetitions):
        seconds, result = timed(lambda: train_run(params))
        ours = min(ours, seconds / result.step)
        seconds, curve = timed(
            lambda steps=result.step: sharpness_curve(
                objective.network, start, *samples, params.lr, steps, case.tuned
            )
        )
        theirs = min(theirs, seconds / result.step)
        compare(case.name, result.sharpness, curve)
    ratio = theirs / ours
    row = Row(
        f"{case.name}, {result.step:,} steps",
        f"{1e3 * theirs:.2f} ms a step",
        f"{1e3 * ours:.3f} ms a step",
        f"{ratio:.0f}×",
        f"≥ {case.target}×" if case.target else "–",
        ratio >= case.target if case.target else None,
    )
    return [row]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def compare(name: str, ours: Array, theirs: Array) -> None:
    if len(ours) != len(theirs):
        raise AssertionError(f"{name}: ended after {len(ours)} of {len(theirs)} steps")
    error = np.abs(ours - theirs) / np.abs(theirs)
    worst = int(np.argmax(error))
    if not error[worst] <= PROMISED:
        raise AssertionError(f"{name}: sharpness differs by {error[worst]:.1e} at step {worst}")


def draw_samples(params: TrainParams, objective: Objective) -> tuple[Array, Array]:
    """X and Y with the statistics that eosdash keeps of them."""
    if params.task == "regression":
        rng = np.random.default_rng(params.data_seed)
        inputs = rng.standard_normal((params.d_in, params.samples))
    else:
        inputs = np.sqrt(len(objective.factor)) * np.eye(len(objective.factor))
    np.testing.assert_allclose(inputs @ inputs.T / inputs.shape[1], objective.covariance, atol=1e-9)
    return inputs, objective.solution @ inputs

"""Training non-linear networks with the exact sharpness at every step, against autograd and ARPACK.

What the training rows of linear networks are, with biases and tanh: descent and all that is
measured at every step on one side, PyTorch autograd with ``scipy.sparse.linalg.eigsh`` on the
other, for λ_max alone. One thread each. ``python -m benchmarks.nonlinear`` prints these rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from benchmarks.autograd import largest
from benchmarks.report import Row
from benchmarks.training import Array, timed
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.descent.measure import Measure
from eosdash.core.networks.data import Samples, chebyshev, digits
from eosdash.core.networks.initialization import gaussian, uniform
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective

REPETITIONS = 3


@dataclass(frozen=True)
class Case:
    """A run of a tanh network with biases and squared loss, and what is promised of it.

    Attributes:
        promised: how far eigenvalues may differ, relatively.
        target: how many times faster it has to be, if that is promised.
        pace: how many steps a second it has to make, likewise.
        lowest: whether λ_min is measured too.
    """

    name: str
    samples: Samples
    hidden: tuple[int, ...]
    start: Callable[[NonlinearNetwork, float, int], Array]
    lr: float
    steps: int
    promised: float
    target: float | None = None
    pace: float | None = None
    lowest: bool = False

    def objective(self) -> NonlinearObjective:
        network = NonlinearNetwork(self.samples.sizes(self.hidden))
        return NonlinearObjective(network, self.samples.inputs, self.samples.outputs)


def cases() -> tuple[Case, ...]:
    polynomial = chebyshev(6, 20), (30, 20), partial(gaussian, fan_in=True), 0.2, 2000, 1e-6
    return (
        Case("tanh 1-30-20-1, n = 20, η = 0.2", *polynomial, target=20),
        Case("the same with λ_min", *polynomial, lowest=True),
        Case(
            "digits, tanh 64-32-32-10, n = 500, η = 0.2",
            digits(500), (32, 32), uniform, 0.2, 400, 1e-4, target=10, pace=20,
        ),
    )  # fmt: skip


def run(case: Case) -> list[Row]:
    """Time both sides by turns, the best of each.

    Raises:
        AssertionError: if the eigenvalues do not agree as well as promised.
    """
    objective = case.objective()
    start = case.start(objective.network, 1.0, 0)
    ours = theirs = np.inf
    for _ in range(REPETITIONS):
        seconds, (path, found) = timed(lambda: measured(case, objective, start))
        ours = min(ours, seconds / case.steps)
        seconds, expected = timed(lambda path=path: baseline(objective, path, case.lr))
        theirs = min(theirs, seconds / case.steps)
        compare(case, found, expected)
    return [row_of(case, ours, theirs)]


def row_of(case: Case, ours: float, theirs: float) -> Row:
    """The row for these seconds a step."""
    ratio, targets, met = theirs / ours, [], []
    if case.target is not None:
        targets.append(f"≥ {case.target:.0f}×")
        met.append(ratio >= case.target)
    if case.pace is not None:
        targets.append(f"≥ {case.pace:.0f} steps/s")
        met.append(1 / ours >= case.pace)
    return Row(
        f"{case.name}, {case.steps:,} steps, one thread each",
        f"{1e3 * theirs:.2f} ms a step",
        f"{1e3 * ours:.3f} ms a step",
        f"{ratio:.0f}×",
        ", ".join(targets) or "–",
        all(met) if met else None,
    )


def measured(case: Case, objective: NonlinearObjective, start: Array) -> tuple[Array, Array]:
    """The path (steps, P) and λ_max on it, (steps,), with all else that is measured there."""
    measure, paths, curves = Measure(objective, lowest=case.lowest), [], []
    for part in descend(objective, start, case.lr, case.steps):
        if isinstance(part, Stretch):
            paths.append(part.path)
            curves.append(measure(part).sharpness)
    return np.concatenate(paths), np.concatenate(curves)


def baseline(objective: NonlinearObjective, path: Array, lr: float) -> Array:
    """λ_max on the path (T, P) by automatic differentiation, (T,).

    Gradient descent multiplies rounding errors at the edge of stability, so that two correct runs
    part. Every step is therefore made from a point of the given path, and has to lead to the next.
    """
    torch.set_num_threads(1)
    network = objective.network
    x, y = torch.tensor(objective.inputs), torch.tensor(objective.outputs)
    vector, curve, theta = np.zeros(network.parameters), np.empty(len(path)), path[0]
    for step, point in enumerate(path):
        np.testing.assert_allclose(theta, point, atol=1e-11)
        both = zip(network.layers(point), network.shifts(point), strict=True)
        parameters = [torch.tensor(array, requires_grad=True) for pair in both for array in pair]
        gradient = torch.autograd.grad(loss(parameters, x, y), parameters, create_graph=True)
        curve[step], _ = largest(gradient, parameters, vector, tuned=False)
        slope = torch.cat([part.detach().reshape(-1) for part in gradient]).numpy()
        theta = point - lr * slope
    return curve


def loss(parameters: list[Tensor], x: Tensor, y: Tensor) -> Tensor:
    weights, biases = parameters[::2], parameters[1::2]
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        x = torch.addmm(bias[:, None], weight, torch.tanh(x) if layer else x)
    return (x - y).square().sum() / (2 * y.shape[1])


def compare(case: Case, found: Array, expected: Array) -> None:
    if len(found) != len(expected):
        raise AssertionError(f"{case.name}: ended after {len(found)} of {len(expected)} steps")
    error = np.abs(found - expected) / np.abs(expected)
    worst = int(np.argmax(error))
    if not error[worst] <= case.promised:
        raise AssertionError(
            f"{case.name}: sharpness differs by {error[worst]:.1e} at step {worst}"
        )


if __name__ == "__main__":
    for each in cases():
        for made in run(each):
            print(" | ".join(made.cells()), flush=True)

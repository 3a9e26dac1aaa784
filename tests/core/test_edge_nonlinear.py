"""The edge of stability of non-linear networks: one documented setting for each phenomenon.

Sharpness is measured at every fifth step, so that both parities of an oscillation are seen.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.descent.optimizers import GRADIENT_DESCENT, Optimizer
from eosdash.core.flows.central_flow import CentralStatus, central_flow
from eosdash.core.flows.flow import FlowStatus, flow
from eosdash.core.networks.data import chebyshev, digits
from eosdash.core.networks.initialization import gaussian, uniform
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective

EVERY = 5


@dataclass(frozen=True)
class Run:
    """A run, with the sharpness at steps 0, 5, 10, …"""

    objective: NonlinearObjective
    start: np.ndarray
    lr: float
    threshold: float
    loss: np.ndarray
    sharpness: np.ndarray

    def over_threshold(self, first, last):
        """Median of the sharpness over these steps, in units of the threshold."""
        part = self.sharpness[first // EVERY : last // EVERY]
        return np.median(part) / self.threshold


def tanh_network(data, hidden):
    return NonlinearObjective(NonlinearNetwork(data.sizes(hidden)), data.inputs, data.outputs)


def run(objective, start, lr, steps, optimizer=GRADIENT_DESCENT):
    tracker = SpectrumTracker(objective, lowest=False)
    losses, sharpness = [], []
    for part in descend(objective, start, lr, steps, optimizer=optimizer):
        if isinstance(part, Stretch):
            extremes = tracker(part.path[-part.step % EVERY :: EVERY])
            assert extremes.converged.all()
            losses.append(part.loss)
            sharpness.append(extremes.top[:, 0])
    loss = np.concatenate(losses)
    assert len(loss) == steps
    threshold = optimizer.threshold(lr)
    return Run(objective, start, lr, threshold, loss, np.concatenate(sharpness))


@pytest.fixture(scope="module")
def reference():
    """T_6 on 20 points, tanh 1-30-20-1, N(0, 1/fan-in), biases zero, seed 0, η = 0.2, 2/η = 10."""
    objective = tanh_network(chebyshev(6, 20), (30, 20))
    return run(objective, gaussian(objective.network, 1.0, 0, fan_in=True), 0.2, 5000)


def test_sharpness_rises_to_the_edge_and_stays(reference):
    assert reference.sharpness[0] < 7
    assert reference.over_threshold(0, 1000) < 0.97
    assert np.median(reference.sharpness[-400:]) == pytest.approx(10, rel=0.1)
    assert reference.sharpness.max() > 10.5
    assert reference.sharpness.max() < 15


def test_the_loss_goes_up_and_down_at_the_edge_and_falls_all_the_same(reference):
    before, after = reference.loss[:500], reference.loss[3000:]
    assert np.mean(np.diff(before) > 0) == 0
    assert np.mean(np.diff(after) > 0) > 0.1
    assert np.median(after[-500:]) < 0.7 * np.median(after[:500])


def test_gradient_flow_from_there_goes_on_rising(reference):
    """At the time t = η · step the flow is far beyond 2/η, where gradient descent stays."""
    steps = np.arange(0, 2500, 100)
    chunks = list(flow(reference.objective, reference.start, reference.lr * steps))
    assert chunks.pop().status is FlowStatus.FINISHED
    sharpness = np.concatenate([chunk.sharpness for chunk in chunks])
    assert sharpness[0] == pytest.approx(reference.sharpness[0], rel=1e-6)
    beyond = sharpness > 1.2 * reference.threshold
    assert beyond[-1]
    step = steps[np.argmax(beyond)]
    assert reference.over_threshold(step, step + 500) == pytest.approx(1, rel=0.1)
    loss = np.concatenate([chunk.loss for chunk in chunks])
    assert (np.diff(loss) < 0).all()


def test_the_central_flow_from_there_stays_too(reference):
    """From the start, and through the edge phase."""
    steps = 2200
    rates = np.full(steps, reference.lr)
    *chunks, ending = central_flow(reference.objective, reference.start, rates)
    assert ending.status is CentralStatus.FINISHED
    sharpness = np.concatenate([chunk.sharpness for chunk in chunks])
    edge = int(np.argmax(sharpness > 0.999 * reference.threshold))
    assert 500 < edge < 1700
    told = np.median(sharpness[edge:]) / reference.threshold
    assert told == pytest.approx(reference.over_threshold(edge, steps), rel=0.05)


def test_digits_rise_to_the_edge_and_stay():
    """200 images, tanh 64-32-32-10, squared loss, U(−1, 1)/√fan-in, seed 0, η = 0.1, 2/η = 20."""
    objective = tanh_network(digits(200), (32, 32))
    found = run(objective, uniform(objective.network, 1.0, 0), 0.1, 2000)
    assert found.sharpness[0] < 10
    assert found.over_threshold(0, 400) < 0.7
    assert found.over_threshold(1200, 2000) == pytest.approx(1, rel=0.1)
    assert found.loss[-1] < 0.2 * found.loss[0]


def test_the_heavy_ball_settles_at_its_own_threshold():
    """T_8 on 30 points, U(−1, 1)/√fan-in, seed 1, β = 0.9, η = 0.28: (2 + 2β)/η = 13.6, not 7.1."""
    objective = tanh_network(chebyshev(8, 30), (30, 20))
    start = uniform(objective.network, 1.0, 1)
    found = run(objective, start, 0.28, 4000, Optimizer(0.9))
    assert found.threshold == pytest.approx(3.8 / 0.28)
    assert found.sharpness[0] < 0.4 * found.threshold
    assert found.over_threshold(2500, 4000) == pytest.approx(1, rel=0.1)


def test_nesterov_settles_at_its_own_threshold():
    """The reference at β = 0.9, η = 0.12: (2 + 2β)/((1 + 2β)η) = 11.3, not 16.7."""
    objective = tanh_network(chebyshev(6, 20), (30, 20))
    start = gaussian(objective.network, 1.0, 0, fan_in=True)
    found = run(objective, start, 0.12, 3000, Optimizer(0.9, nesterov=True))
    assert found.threshold == pytest.approx(3.8 / 2.8 / 0.12)
    assert found.sharpness[0] < 0.6 * found.threshold
    assert found.over_threshold(1500, 3000) == pytest.approx(1, rel=0.1)

"""How a step is made from a gradient: gradient descent, momentum, mini-batches.

With a velocity v that starts at zero (Cohen et al. 2021, arXiv:2103.00065, Appendix B):

    heavy ball   v ← β v − η ∇L(θ),         θ ← θ + v
    Nesterov     v ← β v − η ∇L(θ + β v),   θ ← θ + v

and plain gradient descent is β = 0. On a quadratic of curvature S the heavy ball is stable for
S < (2 + 2β)/η and Nesterov for S < (2 + 2β)/((1 + 2β) η).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array


@dataclass(frozen=True)
class Optimizer:
    """A rule for steps.

    Attributes:
        momentum: β, from 0 to below 1.
        nesterov: whether the gradient is taken ahead, at θ + β v.
        batch_size: samples that a step's gradient is the mean of; None for all of them.
        seed: of the order in which samples are drawn.

    Raises:
        ValueError: for β outside [0, 1) or an empty batch.
    """

    momentum: float = 0.0
    nesterov: bool = False
    batch_size: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum is from 0 to below 1, not {self.momentum}")
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(f"a batch has one sample or more, not {self.batch_size}")

    @property
    def is_plain(self) -> bool:
        """Whether this is full-batch gradient descent."""
        return not self.momentum and self.batch_size is None

    @overload
    def threshold(self, lr: float) -> float: ...
    @overload
    def threshold(self, lr: Array) -> Array: ...
    def threshold(self, lr: Array | float) -> Array | float:
        """The curvature above which full-batch steps with η = ``lr`` are unstable on a quadratic:
        2/η, and with momentum as above."""
        ahead = 1 + 2 * self.momentum if self.nesterov else 1.0
        return (2 + 2 * self.momentum) / (ahead * lr)

    def critical_lr(self, sharpness: float) -> float:
        """The η whose threshold a curvature is: above it a minimizer as sharp as that is
        unstable, and with the least sharpness of all minimizers it is η_C."""
        return self.threshold(1.0) / sharpness

    @property
    def threshold_name(self) -> str:
        """The formula of the threshold."""
        if not self.momentum:
            return "2/η"
        return "(2 + 2β)/((1 + 2β) η)" if self.nesterov else "(2 + 2β)/η"

    def ahead(self, theta: Array, velocity: Array) -> Array:
        """Where the gradient is taken; any shape."""
        return theta + self.momentum * velocity if self.nesterov else theta

    def move(
        self, theta: Array, velocity: Array, gradient: Array, lr: Array | float
    ) -> tuple[Array, Array]:
        """The next θ and v, of any shape that η = ``lr`` is broadcast against."""
        if not self.momentum:
            return theta - lr * gradient, velocity
        velocity = self.momentum * velocity - lr * gradient
        return theta + velocity, velocity


GRADIENT_DESCENT = Optimizer()


@runtime_checkable
class Sampled(Protocol):
    """A loss that is a mean over samples."""

    @property
    def samples(self) -> int:
        """n."""

    def batch(self, which: NDArray[np.intp]) -> Surface:
        """The mean over some of the samples."""


class Walk:
    """One trajectory's way of making steps.

    Raises:
        ValueError: if mini-batches are asked of a loss without samples, such as a linear
            network's, or more samples than there are.
    """

    def __init__(self, objective: Surface, optimizer: Optimizer = GRADIENT_DESCENT) -> None:
        self.objective, self.optimizer = objective, optimizer
        self._velocity = np.zeros(objective.network.parameters)
        self._batches = self._draw(objective)

    def step(self, theta: Array, gradient: Array, lr: float) -> Array:
        """The point after θ (P,), where the full gradient is ``gradient`` (P,)."""
        rule = self.optimizer
        if self._batches is not None or (rule.nesterov and rule.momentum):
            surface = self.objective if self._batches is None else next(self._batches)
            gradient = surface.gradient(rule.ahead(theta, self._velocity))
        theta, self._velocity = rule.move(theta, self._velocity, gradient, lr)
        return theta

    def _draw(self, objective: Surface) -> Iterator[Surface] | None:
        size = self.optimizer.batch_size
        if size is None:
            return None
        if not isinstance(objective, Sampled):
            raise ValueError("this loss keeps no samples to draw mini-batches from")
        if size > objective.samples:
            raise ValueError(f"a batch of {size} from {objective.samples} samples")
        return map(objective.batch, batches(objective.samples, size, self.optimizer.seed))


def batches(samples: int, size: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Indices (``size``,) of one mini-batch after the other, without end: all samples in random
    order, cut into batches, then again; what is left over at the end of a pass is left out."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(samples)
        for start in range(0, samples - size + 1, size):
            yield order[start : start + size]

"""What became of an orbit: the definitions and tolerances of runs, maps and sweeps alike.

An outcome is a statement about the whole orbit, of which a budget of T steps shows the beginning:
it is made where the evidence would keep it from changing if the run went on, and is *undecided*
elsewhere. θ_t is the orbit, ∇L its gradient, ℓ its length scale: the largest of 1, ‖θ_0‖ and the
size of what is to be learned.

diverged   ‖θ_t‖ > 10⁶ ℓ, or it is no number.
minimum    θ_t is critical (below), its loss is the lowest there is or curves upwards (see
           :mod:`eosdash.core.descent.critical_points`), and S ≤ the stability threshold: a minimum
           that is not stable is left again, unless θ_{t+1} = θ_t to the last bit.
saddle     θ_t is critical and no minimum, and no longer left: θ_{t+1} = θ_t to the last bit, or
           it has been critical through the second half of the run, with a gradient that does not
           grow, while a rounding error along the steepest way down would have grown to size 1.
periodic   θ_{t+p} = θ_t for the last points, p ≤ 64; either to rounding, or up to a part in 10⁶ of
           a step and closing in on it so fast that less than a part in 10³ is left; and a
           disturbance of the cycle does not grow (:mod:`eosdash.core.descent.multipliers`).
bounded    none of these, and nothing drifts any more over the second half of at least 128 steps:
           neither the gradient, nor the weights, nor the distance after the number of steps that
           brings the orbit closest to itself (:mod:`eosdash.core.descent.recurrence`). A transient
           may last longer than any budget, so it says *bounded so far*.
undecided  everything else: still moving, on a plateau, about to leave a saddle.

Critical is ‖∇L‖ ≤ 10⁻⁹, or what rounding leaves of a gradient: 16 ε ‖Y‖ √(2/η), where ε is the
spacing of numbers at 1, ‖Y‖ the root mean square of the outputs to be learned, and √(2/η) bounds
the Jacobian at every stable minimum. With momentum or mini-batches the length of a step has to
vanish too, times (1 − β)/η.
"""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import NonlinearObjective
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array

BALL = 1e6
"""An orbit farther out than this many of its length scale has diverged."""

GRADIENT_TOLERANCE = 1e-9
"""‖∇L‖ up to this is taken for zero."""

ROUNDINGS = 16 * float(np.finfo(float).eps)
"""What is lost to rounding in a gradient, relative to its terms."""

FORGOTTEN = -float(np.log(np.finfo(float).eps))
"""Growth, as a natural logarithm, that brings a rounding error to light."""

SHORTEST = 128
"""Fewer steps do not show that nothing drifts."""


class Outcome(StrEnum):
    """Fate of a trajectory, in the words of the whole project."""

    MINIMUM = "minimum"
    SADDLE = "saddle"
    PERIODIC = "periodic"
    BOUNDED = "bounded"
    DIVERGED = "diverged"
    UNDECIDED = "undecided"


OUTCOMES = tuple(Outcome)
"""In the order of their codes in arrays."""

CODE = {outcome: code for code, outcome in enumerate(OUTCOMES)}


class Scale(NamedTuple):
    """Sizes that decide what is far and what is nothing.

    Attributes:
        length: the least length scale of an orbit, whatever its start.
        outputs: root mean square ‖Y‖ of the outputs to be learned.
    """

    length: float
    outputs: float

    def ball(self, start: Array) -> Array:
        """Radius beyond which orbits from ``start`` (P, …) have diverged, (…)."""
        with np.errstate(over="ignore"):
            lengths = np.sqrt(np.einsum("p...,p...->...", start, start))
            return BALL * np.maximum(self.length, lengths)

    def quiet(self, lr: Array | float) -> Array:
        """‖∇L‖ that counts as zero at learning rates η = ``lr``, of the shape of these."""
        return np.maximum(GRADIENT_TOLERANCE, ROUNDINGS * self.outputs * np.sqrt(2 / lr))


def scale_of(objective: Surface) -> Scale:
    """The sizes of a loss: ‖P*‖ and ‖Y‖ of a linear network; of another one what its weights have
    to be where a single layer makes outputs of such a size from inputs of theirs."""
    if isinstance(objective, Objective):
        target = np.linalg.norm(objective.solution @ objective.factor)
        outputs = float(np.hypot(target, np.sqrt(2 * objective.floor)))
        return Scale(max(1.0, float(np.linalg.norm(objective.solution))), outputs)
    if isinstance(objective, NonlinearObjective):
        inputs, outputs = (
            float(np.sqrt(np.mean(np.sum(values**2, axis=0))))
            for values in (objective.inputs, objective.outputs)
        )
        return Scale(max(1.0, outputs) / min(1.0, inputs or 1.0), outputs)
    return Scale(1.0, 0.0)


def watched_from(steps: int, tail: int) -> int:
    """The step from which on an orbit of so many is looked at: its second half, and at least the
    ``tail`` last points."""
    return max(0, min(steps // 2, steps - tail))


Codes = NDArray[np.uint8]

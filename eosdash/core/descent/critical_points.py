"""What kind of critical point it is, where ∇L vanishes: as far as loss and curvature tell.

Of a linear network the lowest loss is known; of any other only that squared loss and cross-entropy
are not negative. Above it the Hessian decides, up to directions in which the loss cannot change:
layers W_{l+1}, W_l of a linear network give the same map as W_{l+1}G⁻¹, G W_l, with orthogonal G
under weight decay, and so do those about a ReLU layer with diagonal and positive G.
"""

from collections.abc import Iterator
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.settled import (
    WHOLE_LIMIT,
    extreme_curvatures,
    settled_sharpness,
    whole_spectrum,
)
from eosdash.core.descent.minimum import lowest_loss
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import NonlinearObjective
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array, Mask

FLAT = 1e-6
"""An eigenvalue of the Hessian counts as zero up to this, relative to the spectral norm: that is
how well eigenvalues are known."""

STABLE = 1 + 1e-6
"""S up to this many thresholds is stable: nothing leaves faster than by a part in 10⁶ a step."""

ROUNDINGS = 64 * float(np.finfo(float).eps)
"""What is lost to rounding in an entry of a product of matrices, relative to their norms."""


class CriticalPoint(StrEnum):
    """Kind of a point where ∇L vanishes.

    ``none`` is no critical point. A ``global_minimum`` has the lowest loss there is, a
    ``local_minimum`` a higher one that rises in all directions but those in which it cannot
    change; an ``unstable_minimum`` is either where S is beyond the stability threshold: whoever is
    not there to the last bit leaves it. At a ``saddle`` it falls in some direction: to second
    order, or, of a linear network without weight decay, to a higher one. What loss and curvature
    do not tell is ``flat``.
    """

    NONE = "none"
    GLOBAL = "global_minimum"
    LOCAL = "local_minimum"
    UNSTABLE = "unstable_minimum"
    SADDLE = "saddle"
    FLAT = "flat"


CRITICAL_POINTS = tuple(CriticalPoint)
"""In the order of their codes in arrays."""

KIND = {kind: code for code, kind in enumerate(CRITICAL_POINTS)}

Codes = NDArray[np.uint8]


def is_minimum(kinds: Codes) -> Mask:
    """Which kinds (n,) are minima, the unstable ones apart."""
    return np.asarray((kinds == KIND[CriticalPoint.GLOBAL]) | (kinds == KIND[CriticalPoint.LOCAL]))


class CriticalPoints:
    """Critical points of one loss.

    Attributes:
        lowest: its global minimum, as far as it is known.
        by_loss: whether the loss alone tells minima from saddles.
    """

    def __init__(self, objective: Surface) -> None:
        self.objective = objective
        self.lowest = lowest_loss(objective)
        # Without weight decay all critical points of a linear network that are no global minima
        # are saddles (Lu and Kawaguchi 2017, arXiv:1702.08580).
        self.by_loss = isinstance(objective, Objective) and not objective.weight_decay

    def kinds(self, theta: Array, loss: Array) -> Codes:
        """Kinds of critical points θ (P, n) with these losses (n,), as codes (n,)."""
        found = np.full(theta.shape[1], KIND[CriticalPoint.SADDLE], dtype=np.uint8)
        lowest = self._at_lowest(theta, loss)
        found[lowest] = KIND[CriticalPoint.GLOBAL]
        above = np.flatnonzero(~lowest)
        if above.size and not self.by_loss:
            found[above] = self._by_curvature(theta[:, above])
        return found

    def may_be_lowest(self, loss: Array) -> Mask:
        """Where a loss is so low, or the loss alone decides, that it is worth asking."""
        return np.asarray(self.by_loss | (loss <= self.lowest.value + self.lowest.tolerance))

    def sharpness(self, theta: Array, kinds: Codes) -> Array:
        """S at minima θ (P, n) of these kinds, (n,); NaN where it was not found."""
        objective = self.objective
        if not isinstance(objective, Objective | NonlinearObjective):
            return self._spectra(theta)[:, -1]
        lowest = kinds == KIND[CriticalPoint.GLOBAL]
        if lowest.all():
            return settled_sharpness(objective, theta, True)
        found = np.empty(theta.shape[1])
        for some in (lowest, ~lowest):
            found[some] = settled_sharpness(objective, theta[:, some], some is lowest)
        return found

    def fall(self, theta: Array) -> Array:
        """λ_min at critical points θ (P, n), (n,); NaN where it was not found."""
        return self._extremes(theta)[0]

    def _at_lowest(self, theta: Array, loss: Array) -> Mask:
        found = np.asarray(loss <= self.lowest.value + self.lowest.tolerance)
        objective, others = self.objective, np.flatnonzero(~found)
        if others.size and isinstance(objective, Objective) and not objective.network.is_chain:
            # Entries of a product are sums whose terms may cancel.
            terms = np.full(others.size, np.linalg.norm(objective.factor))
            for layer in objective.network.layers(theta[:, others].T):
                terms = terms * np.linalg.norm(layer, axis=(-2, -1))
            tolerance = self.lowest.tolerance + 0.5 * (ROUNDINGS * terms) ** 2
            found[others] = loss[others] <= self.lowest.value + tolerance
        return found

    def _by_curvature(self, theta: Array) -> Codes:
        """Kinds of critical points above the lowest loss, (n,). Of a large Hessian only the ends
        are known, and any level direction leaves it open whether it is a minimum."""
        found = np.full(theta.shape[1], KIND[CriticalPoint.FLAT], dtype=np.uint8)
        whole = len(theta) <= WHOLE_LIMIT
        spectra = self._spectra(theta) if whole else self._extremes(theta).T
        with np.errstate(invalid="ignore"):
            zero = FLAT * np.abs(spectra).max(axis=1)
            found[spectra[:, 0] < -zero] = KIND[CriticalPoint.SADDLE]
            found[spectra[:, 0] > zero] = KIND[CriticalPoint.LOCAL]
            level = np.count_nonzero(np.abs(spectra) <= zero[:, None], axis=1)
        if whole:
            for i in np.flatnonzero((found == KIND[CriticalPoint.FLAT]) & (zero > 0)):
                if level[i] <= self._invariances(theta[:, i]):
                    found[i] = KIND[CriticalPoint.LOCAL]
        return found

    def _extremes(self, theta: Array) -> Array:
        """λ_min and λ_max, (2, n)."""
        objective = self.objective
        if len(theta) > WHOLE_LIMIT and isinstance(objective, Objective | NonlinearObjective):
            return extreme_curvatures(objective, theta)
        return self._spectra(theta)[:, [0, -1]].T

    def _spectra(self, theta: Array) -> Array:
        """All eigenvalues of the Hessian, ascending, (n, P)."""
        if isinstance(self.objective, NonlinearObjective):
            return whole_spectrum(self.objective, theta)
        matrices = self.objective.hessian(np.ascontiguousarray(theta.T))
        return np.asarray(np.linalg.eigvalsh(matrices), dtype=float)

    def _invariances(self, theta: Array) -> int:
        """Number of directions at θ (P,) along which the loss is the same, however far."""
        rows = np.array(list(self._invariant_directions(theta)))
        return int(np.linalg.matrix_rank(rows)) if rows.size else 0

    def _invariant_directions(self, theta: Array) -> Iterator[Array]:
        objective = self.objective
        if not isinstance(objective, Objective | NonlinearObjective):
            return
        shapes, layers = objective.network.shapes, objective.network.layers(theta)
        for l, (width, _) in enumerate(shapes[:-1]):
            for change in _changes(objective, width):
                moved = [np.zeros(shape) for shape in shapes]
                moved[l], moved[l + 1] = change @ layers[l], -layers[l + 1] @ change
                if isinstance(objective, Objective):
                    yield objective.network.flat(moved)
                else:
                    shifts = [np.zeros(rows) for rows, _ in shapes]
                    if objective.network.biases:
                        shifts[l] = change @ objective.network.shifts(theta)[l]
                    yield objective.network.flat(moved, shifts)


def _changes(objective: Objective | NonlinearObjective, width: int) -> Iterator[Array]:
    """Derivatives at G = 1 of the changes G of a layer of hidden units that change no loss."""
    unit = np.eye(width)
    if isinstance(objective, Objective):  # with weight decay: elsewhere nobody asks
        for i in range(width):
            for j in range(i):
                yield np.outer(unit[i], unit[j]) - np.outer(unit[j], unit[i])
    elif objective.network.activation == "relu" and not objective.weight_decay:
        for i in range(width):
            yield np.outer(unit[i], unit[i])

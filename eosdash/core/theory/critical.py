"""The critical learning rate η_C = 2 / min S over the global minimizers M, of gradient descent.

With momentum it is :meth:`eosdash.core.descent.optimizers.Optimizer.critical_lr` of the same min S.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.descent.minimum import decayed_minimizer, decayed_singular_value
from eosdash.core.networks.initialization import aligned
from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.types import Array

Factors = tuple[list[Array], list[Array]]

SINGULAR, FAR = 1e-12, 1e3
"""A line search that lands on a singular gauge is told that it went too far."""

EFFORT = 30_000_000
"""Bounds the eigenvalue problems solved for one η_C, so that a run need not wait for it: about
0.1 s, and up to 1 s at sixteen inputs and outputs, where the estimate is then rougher."""


class CriticalLearningRate(NamedTuple):
    """η_C, above which no global minimizer is stable.

    Attributes:
        value: η_C; infinite if M holds points of zero sharpness.
        closed_form: True for a formula. Otherwise S was minimized numerically over M: the
            smallest value found bounds min S from above, and so η_C from below.
    """

    value: float
    closed_form: bool


def critical_lr(objective: Objective) -> CriticalLearningRate:
    """η_C of a linear network under gradient descent.

    Whitened data: min S = L σ_1^{2 − 2/L}, at balanced minimizers (Mulayoff and Michaeli 2020,
    "Unique properties of flat minima in deep networks"), and Σ times that for a single input. The
    same bound holds if the narrowest layer lets only some of the directions through: along the
    leading singular pair the residual drops out of the Hessian's quadratic form. One layer: the
    Hessian Σ + rI is constant.
    """
    depth, decay = objective.network.depth, objective.weight_decay
    if depth == 1:
        sharpness = float(np.linalg.norm(objective.covariance, 2)) + decay
        return CriticalLearningRate(_reciprocal(sharpness), closed_form=True)
    if decay:
        return CriticalLearningRate(2 / _decayed_sharpness(objective), closed_form=False)
    if objective.is_whitened or objective.network.sizes[0] == 1:
        top = float(np.linalg.norm(objective.solution, 2))
        least = float(objective.covariance[0, 0]) * depth * top ** (2 - 2 / depth)
        return CriticalLearningRate(_reciprocal(least), closed_form=True)
    return CriticalLearningRate(_reciprocal(_least_sharpness(objective)), closed_form=False)


def _reciprocal(sharpness: float) -> float:
    return float(2 / sharpness) if sharpness else np.inf


def _decayed_sharpness(objective: Objective) -> float:
    """Sharpness at the balanced minimizer of a loss with weight decay.

    Weight decay leaves only minimizers that differ by rotations inside the network, which do
    not change the sharpness (for Σ ≠ I, only as far as L-BFGS tells).
    """
    small = replace(objective, network=objective.network.narrowed())
    if not objective.is_whitened:
        theta = decayed_minimizer(small)
    else:
        values = np.linalg.svd(objective.solution, compute_uv=False)
        decay, depth = objective.weight_decay, objective.network.depth
        learned = np.array([decayed_singular_value(value, decay, depth) for value in values])
        theta = aligned(small, learned ** (1 / depth))
    return float(SpectrumTracker(small)(theta[None])[0][0, 0])


def _least_sharpness(objective: Objective) -> float:
    """min S over M without weight decay, for any Σ, by descent.

    At a minimizer the Hessian's top eigenvalue is that of Σ_l N_l ⊗ M_l on the outputs, with
    N_l = A_l A_lᵀ and M_l = (C_l F)ᵀ C_l F. With P*F = U D Vᵀ every minimizer of the least
    width is W_l = G_l D^{1/L} G_{l−1}^{-1} between free invertible G_1, …, G_{L−1}; more width
    only adds to N and M. The largest eigenvalue is approached by p-norms of the spectrum, with
    a larger p each round.
    """
    left, values, right = np.linalg.svd(objective.solution @ objective.factor)
    if not values[0]:
        return 0.0
    directions = int(np.sum(values > 1e-12 * values[0]))
    rank = min(*objective.network.sizes, directions)
    problem = Gauges(objective, left[:, :rank], values[:rank], right[:rank].T)
    point = np.tile(np.eye(rank), (objective.network.depth - 1, 1, 1)).ravel()
    effort = {"maxfun": max(3, EFFORT // problem.outputs**3)}
    for power in (10.0, 100.0, 1000.0):
        args, method = (power,), "L-BFGS-B"
        point = minimize(problem, point, args, method, jac=True, options=effort).x
    if rank == directions:
        return problem.sharpness(point)
    # Through a bottleneck a residual stays, and with it its part of the Hessian.
    effort = {"maxfev": max(20, EFFORT // problem.parameters**3)}
    return float(minimize(problem.full_sharpness, point, method="Powell", options=effort).fun)


class Gauges:
    """Sharpness of minimizers as a function of the gauges G_1, …, G_{L−1}, each (k, k)."""

    def __init__(self, objective: Objective, left: Array, values: Array, right: Array) -> None:
        depth, rank = objective.network.depth, len(values)
        self.objective = replace(
            objective,
            network=LinearNetwork((len(right), *[rank] * (depth - 1), len(left))),
        )
        self.parameters = self.objective.network.parameters
        self.outputs = len(left) * len(right)
        self.root = values ** (1 / depth)
        powers = [values ** (i / depth) for i in range(depth)]
        # out[i] = U D^{i/L}, inn[i] = V D^{i/L}; at the ends stand the identity and F.
        self.out = [left * power for power in powers]
        self.inn = [right * power for power in powers]
        self.depth, self.rank = depth, rank
        self.first = objective.factor.T @ objective.factor
        self.last = np.eye(len(left))

    def _factors(self, gauges: Array) -> Factors:
        """A_l of the layers l < L and (C_l F)ᵀ of the layers l > 1."""
        inner = range(1, self.depth)
        backward = [self.out[self.depth - l] @ np.linalg.inv(gauges[l - 1]) for l in inner]
        forward = [self.inn[l] @ gauges[l - 1].T for l in inner]
        return backward, forward

    def _terms(self, backward: list[Array], forward: list[Array]) -> Factors:
        """N_l and M_l of all layers."""
        outs = [*(a @ a.T for a in backward), self.last]
        inns = [self.first, *(c @ c.T for c in forward)]
        return outs, inns

    def sharpness(self, point: Array) -> float:
        """S at the minimizer with these gauges."""
        outs, inns = self._terms(*self._factors(self._shaped(point)))
        return float(np.linalg.eigvalsh(_operator(outs, inns))[-1])

    def full_sharpness(self, point: Array) -> float:
        """S at the minimizer with these gauges, from the Hessian with its residual part."""
        gauges = self._shaped(point)
        if not np.abs(np.linalg.det(gauges)).min() > SINGULAR:
            return np.inf
        inverses = np.linalg.inv(gauges)
        first = gauges[0] * self.root @ self.inn[0].T @ np.linalg.pinv(self.objective.factor)
        middle = [g * self.root @ back for g, back in zip(gauges[1:], inverses, strict=False)]
        layers = [first, *middle, self.out[0] * self.root @ inverses[-1]]
        hessian = self.objective.hessian(self.objective.network.flat(layers))
        return float(np.linalg.eigvalsh(hessian)[-1])

    def _shaped(self, point: Array) -> Array:
        return point.reshape(-1, self.rank, self.rank)

    def __call__(self, point: Array, power: float) -> tuple[float, Array]:
        """log (Σ λᵢᵖ)^{1/p}, which tends to log S as the power grows, and its gradient."""
        gauges = self._shaped(point)
        if not np.abs(np.linalg.det(gauges)).min() > SINGULAR:
            return FAR, np.zeros_like(point)
        backward, forward = self._factors(gauges)
        outs, inns = self._terms(backward, forward)
        eigenvalues, vectors = np.linalg.eigh(_operator(outs, inns))
        ratios = np.maximum(eigenvalues / eigenvalues[-1], 0.0)
        total = np.sum(ratios**power)
        weights = ratios ** (power - 1) / (total * eigenvalues[-1])
        shape = (len(self.last), len(self.first))
        spread = ((vectors * weights) @ vectors.T).reshape(shape + shape)
        gradient = np.empty_like(gauges)
        for i, (a, c) in enumerate(zip(backward, forward, strict=True)):
            by_out = np.einsum("oipj,ij->op", spread, inns[i])
            by_in = np.einsum("oipj,op->ij", spread, outs[i + 1])
            gradient[i] = 2 * c.T @ by_in @ self.inn[i + 1]
            gradient[i] -= 2 * (np.linalg.inv(gauges[i]) @ a.T @ by_out @ a).T
        return float(np.log(eigenvalues[-1]) + np.log(total) / power), gradient.ravel()


def _operator(outs: list[Array], inns: list[Array]) -> Array:
    """Σ_l N_l ⊗ M_l."""
    return np.asarray(sum(np.kron(n, m) for n, m in zip(outs, inns, strict=True)))

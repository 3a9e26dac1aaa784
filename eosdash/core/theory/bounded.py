"""Whether the stable minimizers of a linear network are bounded, and what of them is.

Without weight decay S ≥ ‖A_l‖² ‖C_l‖² at every minimizer, with A_l = W_L ⋯ W_{l+1} what follows
layer l and C_l = W_{l−1} ⋯ W_1 F what comes before it: the diagonal block of the Hessian that
belongs to layer l is A_lᵀA_l ⊗ C_lC_lᵀ. As the learned map A_l W_l C_l is the same everywhere on
M, S ≤ 2/η bounds all A_l and C_l, layer after layer from both ends, if that map is not zero. It
bounds W_l itself where A_l has full column rank or C_l full row rank. So with k the rank of the
learned map, the stable minimizers are unbounded exactly if there are some, and

- Σ is singular: W_1 is free along the inputs that never occur; or
- two neighbouring hidden layers are wider than k: the layer between them is free from directions
  that the layers before do not feed to directions that the layers after do not read. A target of
  zero, k = 0, leaves such a layer in every network of three layers or more.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from eosdash.core.descent.minimum import global_minimum
from eosdash.core.networks.initialization import aligned
from eosdash.core.networks.linear import Objective
from eosdash.core.theory.critical import EFFORT, Gauges
from eosdash.core.theory.statements import NEGLIGIBLE, seen_directions, target_rank
from eosdash.core.types import Array

GAUGE_STEPS = 300
"""Most gradients per power while the flattest minimizer is looked for."""


class Ray(NamedTuple):
    """Minimizers θ + N δ, N ≥ 0, all of the same sharpness.

    Attributes:
        theta: θ (P,), a flattest minimizer, as far as one was found.
        direction: δ (P,), of norm 1, within one layer.
        layer: which, counted from 1.
        unread: whether it is free because inputs are never seen, and not between hidden layers.
    """

    theta: Array
    direction: Array
    layer: int
    unread: bool


class ProductBound(NamedTuple):
    """Bounds on the products of layers over all minimizers with S ≤ 2/η.

    Attributes:
        after: on ‖W_L ⋯ W_{l+1}‖ for l = 1, …, L − 1, (L − 1,).
        before: on ‖W_l ⋯ W_1 F‖ for l = 1, …, L − 1, (L − 1,).
    """

    after: Array
    before: Array


def learned_rank(objective: Objective) -> int:
    """Rank k of the map that is learned: that of P* F, as far as the narrowest layer allows."""
    return min(*objective.network.sizes, target_rank(objective))


def free_layer(objective: Objective) -> int | None:
    """A layer between two hidden ones that are wider than the learned rank, counted from 1."""
    hidden, rank = objective.network.sizes[1:-1], learned_rank(objective)
    free = (layer for layer, widths in enumerate(pairwise(hidden), 2) if min(widths) > rank)
    return next(free, None)


def unseen_input(objective: Objective) -> Array | None:
    """A unit input (d_in,) on which the data say nothing, Σ x = 0; None where Σ is regular."""
    if seen_directions(objective).shape[1] == objective.network.sizes[0]:
        return None
    return np.asarray(np.linalg.svd(objective.factor.T)[2][-1])


def unbounded_ray(objective: Objective) -> Ray | None:
    """A ray of minimizers of equal sharpness, without weight decay; None if there is none."""
    network, layer = objective.network, free_layer(objective)
    moved = network.layers(np.zeros(network.parameters))
    if layer is not None:
        # The minimizer uses the first k units of every hidden layer: the last ones are free.
        moved[layer - 1][-1, -1] = 1.0
        return Ray(flattest_minimizer(objective), network.flat(moved), layer, unread=False)
    if (unseen := unseen_input(objective)) is not None:
        moved[0][0] = unseen
        return Ray(flattest_minimizer(objective), network.flat(moved), 1, unread=True)
    return None


def flattest_minimizer(objective: Objective) -> Array:
    """A minimizer θ (P,) of least sharpness that uses the first k units of every hidden layer.

    In closed form on whitened data, where it is balanced; otherwise the gauges of
    :class:`eosdash.core.theory.critical.Gauges` are moved downhill from balanced ones.
    """
    depth = objective.network.depth
    values = np.asarray(np.linalg.svd(objective.solution, compute_uv=False), dtype=float)
    if objective.is_whitened or not values[0] or depth == 1:
        values[values <= NEGLIGIBLE * values[0]] = 0.0
        return aligned(objective, values ** (1 / depth))
    left, learned, right = np.linalg.svd(objective.solution @ objective.factor)
    rank = learned_rank(objective)
    problem = Gauges(objective, left[:, :rank], learned[:rank], right[:rank].T)
    point = np.tile(np.eye(rank), (depth - 1, 1, 1)).ravel()
    options = {"maxfun": max(3, min(GAUGE_STEPS, EFFORT // problem.outputs**3))}
    for power in (10.0, 100.0, 1000.0):
        point = minimize(problem, point, (power,), "L-BFGS-B", jac=True, options=options).x
    return _widened(objective, problem, point.reshape(-1, rank, rank))


def _widened(objective: Objective, problem: Gauges, gauges: Array) -> Array:
    """W_l = G_l D^{1/L} G_{l−1}^{-1} with zeros for the units that are not used."""
    inverses = np.linalg.inv(gauges)
    inputs = problem.inn[0].T @ np.linalg.pinv(objective.factor, rcond=NEGLIGIBLE)
    first = gauges[0] * problem.root @ inputs
    middle = [g * problem.root @ back for g, back in zip(gauges[1:], inverses, strict=False)]
    narrow = [first, *middle, problem.out[0] * problem.root @ inverses[-1]]
    wide = objective.network.layers(np.zeros(objective.network.parameters))
    for layer, part in zip(wide, narrow, strict=True):
        layer[: part.shape[0], : part.shape[1]] = part
    return objective.network.flat(wide)


def decayed_radius(objective: Objective) -> float:
    """A bound on ‖θ‖ over all minimizers with weight decay r: ½ r ‖θ‖² is part of the least
    loss, and the floor of the data another."""
    penalty = global_minimum(objective).value - objective.floor
    return math.sqrt(max(0.0, 2 * penalty / objective.weight_decay))


def products(objective: Objective, theta: Array) -> ProductBound:
    """The norms that :func:`product_bound` bounds, at θ (P,)."""
    first, *rest = objective.network.layers(theta)
    before = [first @ objective.factor]
    for layer in rest[:-1]:
        before.append(layer @ before[-1])
    after = [np.eye(objective.network.sizes[-1])]
    for layer in reversed(rest):
        after.append(after[-1] @ layer)
    norms = ([float(np.linalg.norm(part, 2)) for part in parts] for parts in (after[:0:-1], before))
    return ProductBound(*(np.array(part) for part in norms))


def product_bound(objective: Objective, lr: float) -> ProductBound:
    """Bounds on the products of layers where S ≤ c = 2/η and σ = ‖P* F‖ > 0 is learned:
    ‖W_L ⋯ W_{l+1}‖ ≤ √c/‖F‖ · (√c/σ)^{l−1} and ‖W_l ⋯ W_1 F‖ ≤ √c (√c/σ)^{L−l−1}.

    From ‖A_l‖ ‖C_l‖ ≤ √c and σ ≤ ‖A_l‖ ‖C_{l+1}‖, with C_1 = F and A_L = I. Infinite for σ = 0
    where there are three layers or more.
    """
    depth = objective.network.depth
    root = math.sqrt(2 / lr)
    learned = float(np.linalg.norm(objective.solution @ objective.factor, 2))
    power = np.arange(depth - 1.0)
    with np.errstate(divide="ignore", over="ignore"):
        growth = (root / np.float64(learned)) ** power
        data = np.float64(np.linalg.norm(objective.factor, 2))
        return ProductBound(np.asarray(root / data * growth), np.asarray(root * growth[::-1]))

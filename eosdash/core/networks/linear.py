"""Deep linear networks with squared loss: loss, gradient and Hessian products by hand.

A linear network f(x; θ) = W_L ⋯ W_1 x sees its data only through three statistics, so
everything here costs the same for ten samples and for ten million:

    L(θ) = ½ ‖(P − P*) F‖² + floor + ½ r ‖θ‖²,      P = W_L ⋯ W_1,  Σ = F Fᵀ = X Xᵀ / n,

with P* the least-squares solution and ``floor`` the loss that no linear map can go below.
Writing the loss around P* instead of expanding ½tr(PΣPᵀ) − tr(PBᵀ) + c keeps full relative
precision as the loss goes to zero.

Parameter vectors are flat, W_1 row-major first. Every function takes any number of leading
batch axes: ``theta`` has shape (..., P) and answers have shape (...) or (..., P).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from eosdash.core.types import Array


@dataclass(frozen=True)
class LinearNetwork:
    """Shape of a linear network: ``sizes`` = (d_in, w_1, …, w_{L-1}, d_out)."""

    sizes: tuple[int, ...]

    @property
    def depth(self) -> int:
        """Number L of weight matrices."""
        return len(self.sizes) - 1

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes (w_l, w_{l-1}) of W_1, …, W_L."""
        return tuple((rows, columns) for columns, rows in pairwise(self.sizes))

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where each layer begins in the flat vector, and the end."""
        return tuple(accumulate((m * n for m, n in self.shapes), initial=0))

    @property
    def parameters(self) -> int:
        """Length P of the flat parameter vector."""
        return self.offsets[-1]

    @property
    def is_chain(self) -> bool:
        """True for a scalar chain: every layer is one number."""
        return max(self.sizes) == 1

    def layers(self, theta: Array) -> list[Array]:
        """Views (..., w_l, w_{l-1}) of ``theta`` (..., P), first layer first."""
        return [
            theta[..., start:stop].reshape(theta.shape[:-1] + shape)
            for start, stop, shape in zip(self.offsets, self.offsets[1:], self.shapes, strict=False)
        ]

    def narrowed(self) -> "LinearNetwork":
        """The same with no hidden layer wider than the ends: all that a minimizer needs."""
        widest = min(self.sizes[0], self.sizes[-1])
        inner = (min(width, widest) for width in self.sizes[1:-1])
        return LinearNetwork((self.sizes[0], *inner, self.sizes[-1]))

    def flat(self, layers: Sequence[Array]) -> Array:
        """Inverse of :meth:`layers`: concatenate layers (..., w_l, w_{l-1}) into (..., P)."""
        return np.concatenate([layer.reshape((*layer.shape[:-2], -1)) for layer in layers], axis=-1)


@dataclass(frozen=True, eq=False)
class Objective:
    """Squared loss of a linear network on fixed data, with optional weight decay.

    Attributes:
        network: the shape of the network.
        solution: P*, the least-squares linear map, (d_out, d_in).
        factor: F with Σ = F Fᵀ, (d_in, d_in).
        floor: smallest loss of any linear map of full rank, without weight decay.
        weight_decay: r, which adds ½ r ‖θ‖².
    """

    network: LinearNetwork
    solution: Array
    factor: Array
    floor: float = 0.0
    weight_decay: float = 0.0

    @cached_property
    def covariance(self) -> Array:
        """Σ = X Xᵀ / n, (d_in, d_in)."""
        return self.factor @ self.factor.T

    @cached_property
    def is_whitened(self) -> bool:
        """Whether Σ = I."""
        return np.array_equal(self.factor, np.eye(len(self.factor)))

    def product(self, theta: Array) -> Array:
        """End-to-end map W_L ⋯ W_1, (..., d_out, d_in)."""
        first, *rest = self.network.layers(theta)
        for layer in rest:
            first = layer @ first
        return first

    def loss(self, theta: Array) -> Array:
        """L(θ), shape (...)."""
        residual = (self.product(theta) - self.solution) @ self.factor
        value = 0.5 * np.einsum("...ij,...ij->...", residual, residual) + self.floor
        if self.weight_decay:
            value = value + 0.5 * self.weight_decay * np.einsum("...i,...i->...", theta, theta)
        return value

    def gradient(self, theta: Array) -> Array:
        """∇L(θ), shape (..., P): layer l is A_lᵀ E C_lᵀ with E = (P − P*) Σ,
        A_l = W_L ⋯ W_{l+1} and C_l = W_{l-1} ⋯ W_1."""
        return self.linearize(theta).gradient

    def linearize(self, theta: Array) -> "Linearization | ChainLinearization":
        """Everything at θ that the gradient and Hessian products share."""
        if self.network.is_chain:
            return ChainLinearization(self, theta)
        return Linearization(self, theta)

    def hessian(self, theta: Array) -> Array:
        """∇²L(θ), shape (..., P, P), one Hessian product a column."""
        count = self.network.parameters
        return self.linearize(theta[..., None, :]).hessian_product(np.eye(count))


class Linearization:
    """Prefix and suffix products at θ (..., P), from which ∇L and ∇²L·v follow."""

    def __init__(self, objective: Objective, theta: Array) -> None:
        self.objective = objective
        self.theta = theta
        self.weights = weights = objective.network.layers(theta)
        depth = len(weights)
        # prefix[l] = W_l ⋯ W_1 and suffix[l] = W_L ⋯ W_{l+2}: what feeds layer l, what follows it.
        prefix: list[Array] = [weights[0]]
        for layer in weights[1:]:
            prefix.append(layer @ prefix[-1])
        error = (prefix[-1] - objective.solution) @ objective.covariance
        # back[l] = (W_L ⋯ W_{l+2})ᵀ E, the error carried back to the output of layer l.
        back: list[Array] = [error]
        for layer in reversed(weights[1:]):
            back.append(layer.swapaxes(-1, -2) @ back[-1])
        back.reverse()
        self.prefix, self.error, self.back = prefix, error, back
        self.depth = depth

    @cached_property
    def gradient(self) -> Array:
        """∇L(θ), shape (..., P)."""
        inputs = (prefix.swapaxes(-1, -2) for prefix in self.prefix)
        later = zip(self.back[1:], inputs, strict=False)
        flat = self.objective.network.flat([self.back[0], *(back @ x for back, x in later)])
        if self.objective.weight_decay:
            flat += self.objective.weight_decay * self.theta
        return flat

    def hessian_product(self, direction: Array) -> Array:
        """∇²L(θ)·v for v (..., P), broadcast against θ (Pearlmutter's forward-over-reverse)."""
        network = self.objective.network
        tangents = network.layers(direction)
        dprefix: list[Array] = [tangents[0]]
        for l in range(1, self.depth):
            dprefix.append(tangents[l] @ self.prefix[l - 1] + self.weights[l] @ dprefix[-1])
        dcarried = dprefix[-1] @ self.objective.covariance
        blocks: list[Array] = []
        for l in range(self.depth - 1, 0, -1):
            transposed = self.prefix[l - 1].swapaxes(-1, -2)
            blocks.append(dcarried @ transposed + self.back[l] @ dprefix[l - 1].swapaxes(-1, -2))
            dcarried = (
                tangents[l].swapaxes(-1, -2) @ self.back[l]
                + self.weights[l].swapaxes(-1, -2) @ dcarried
            )
        blocks.append(dcarried)
        blocks.reverse()
        flat = network.flat(blocks)
        if self.depth == 1:  # a quadratic: its Hessian is the same at every θ
            flat = np.broadcast_to(flat, np.broadcast_shapes(flat.shape, self.theta.shape))
        if self.objective.weight_decay:
            flat = flat + self.objective.weight_decay * direction
        return flat


class ChainLinearization:
    """The same of a scalar chain, whose matrix products would cost many times their numbers: the
    same operations in the same order, so that all comes out alike to the last bit."""

    def __init__(self, objective: Objective, theta: Array) -> None:
        self.theta, self.decay = theta, objective.weight_decay
        self.covariance = float(objective.covariance[0, 0])
        self.weights = weights = [theta[..., l] for l in range(objective.network.depth)]
        self.prefix = list(accumulate(weights, lambda below, weight: weight * below))
        error = (self.prefix[-1] - float(objective.solution[0, 0])) * self.covariance
        self.back = list(accumulate(weights[:0:-1], lambda e, w: w * e, initial=error))[::-1]

    @cached_property
    def gradient(self) -> Array:
        """∇L(θ), shape (..., P)."""
        flat = np.empty_like(self.theta)
        flat[..., 0] = self.back[0]
        for l, below in enumerate(self.prefix[:-1], 1):
            flat[..., l] = self.back[l] * below
        if self.decay:
            flat += self.decay * self.theta
        return flat

    def hessian_product(self, direction: Array) -> Array:
        """∇²L(θ)·v for v (..., P), broadcast against θ."""
        tangents = [direction[..., l] for l in range(len(self.weights))]
        moved = tangents[:1]  # of the prefix products
        for l in range(1, len(self.weights)):
            moved.append(tangents[l] * self.prefix[l - 1] + self.weights[l] * moved[-1])
        carried = moved[-1] * self.covariance
        flat = np.empty(np.broadcast_shapes(direction.shape, self.theta.shape))
        for l in range(len(self.weights) - 1, 0, -1):
            flat[..., l] = carried * self.prefix[l - 1] + self.back[l] * moved[l - 1]
            carried = tangents[l] * self.back[l] + self.weights[l] * carried
        flat[..., 0] = carried
        if self.decay:
            flat += self.decay * direction
        return flat

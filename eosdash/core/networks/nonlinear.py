"""Non-linear networks on samples: loss, gradient and Hessian products by hand.

    f(x; θ) = W_L φ(W_{L-1} φ(… φ(W_1 x + b_1))) + b_L,

with squared loss 1/(2n) Σ ‖f(x_i) − y_i‖² or cross-entropy, a mean over the n samples too, and
weight decay ½ r ‖θ‖² on all parameters. Unlike a linear network's, these cost in proportion to n.

Parameter vectors are flat: W_1 row-major, b_1, W_2, b_2, …, without biases just as a linear
network's. Every function takes any number of leading batch axes: ``theta`` has shape (..., P) and
answers have shape (...) or (..., P). Signals have shape (..., width, n), one column a sample.

Numbers too large for double precision come out as infinities or NaN, without a warning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core.networks.activations import ACTIVATIONS, Activation
from eosdash.core.networks.criteria import Criterion, criterion_of
from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.types import Array

SINGLE: np.dtype[Any] = np.dtype(np.float32)


@dataclass(frozen=True)
class NonlinearNetwork:
    """Shape of a network: ``sizes`` = (d_in, w_1, …, w_{L-1}, d_out).

    Raises:
        ValueError: for an unknown activation, or fewer than two sizes.
    """

    sizes: tuple[int, ...]
    activation: str = "tanh"
    biases: bool = True

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"no activation is called {self.activation!r}; there are {known}")
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(f"sizes are two or more positive numbers, not {self.sizes}")

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
        extra = int(self.biases)
        return tuple(accumulate((m * (n + extra) for m, n in self.shapes), initial=0))

    @property
    def parameters(self) -> int:
        """Length P of the flat parameter vector."""
        return self.offsets[-1]

    @cached_property
    def phi(self) -> Activation:
        """φ with its derivatives."""
        return ACTIVATIONS[self.activation]

    def layers(self, theta: Array) -> list[Array]:
        """Views (..., w_l, w_{l-1}) of the weights in ``theta`` (..., P), first layer first."""
        return [
            theta[..., start : start + rows * columns].reshape(*theta.shape[:-1], rows, columns)
            for start, (rows, columns) in zip(self.offsets, self.shapes, strict=False)
        ]

    def shifts(self, theta: Array) -> list[Array]:
        """Views (..., w_l) of the biases in ``theta`` (..., P); an empty list without."""
        ends = self.offsets[1:] if self.biases else ()
        return [
            theta[..., stop - rows : stop]
            for stop, (rows, _) in zip(ends, self.shapes, strict=False)
        ]

    def flat(self, layers: Sequence[Array], shifts: Sequence[Array] | None = None) -> Array:
        """Inverse of :meth:`layers` and :meth:`shifts`: weights (..., w_l, w_{l-1}) and biases
        (..., w_l), zeros if none are given, to (..., P)."""
        parts = [
            layer.reshape(*layer.shape[:-2], rows * columns)
            for layer, (rows, columns) in zip(layers, self.shapes, strict=True)
        ]
        if self.biases:
            shifts = shifts or [np.zeros(layer.shape[:-1]) for layer in layers]
            parts = [part for pair in zip(parts, shifts, strict=True) for part in pair]
        return np.concatenate(parts, axis=-1)


@dataclass(frozen=True, eq=False)
class NonlinearObjective:
    """Loss of a non-linear network on fixed samples.

    Attributes:
        network: the shape of the network.
        inputs: X (d_in, n), one column a sample.
        outputs: Y (d_out, n): any numbers for squared loss, one-hot columns for cross-entropy, or
            0 and 1 for cross-entropy of two classes with a single output, the logit of class 1.
        loss_name: ``squared`` or ``cross_entropy``.
        weight_decay: r, which adds ½ r ‖θ‖².

    Raises:
        ValueError: for data that do not fit the network or the loss.
    """

    network: NonlinearNetwork
    inputs: Array
    outputs: Array
    loss_name: str = "squared"
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        sizes, samples = self.network.sizes, self.inputs.shape[-1]
        for name, array, rows in (
            ("inputs", self.inputs, sizes[0]),
            ("outputs", self.outputs, sizes[-1]),
        ):
            if array.shape != (rows, samples):
                raise ValueError(f"{name} have shape {array.shape}, not {(rows, samples)}")
        if self.loss_name != "squared":
            total = self.outputs.sum(axis=0) if sizes[-1] > 1 else 1.0
            if not (np.isin(self.outputs, (0.0, 1.0)).all() and np.all(total == 1)):
                raise ValueError("outputs for cross-entropy are columns with one 1, else zeros")
        criterion_of(self.loss_name, sizes[-1])

    @cached_property
    def criterion(self) -> Criterion:
        """The loss as a function of the network's outputs."""
        return criterion_of(self.loss_name, self.network.sizes[-1])

    @property
    def samples(self) -> int:
        """n."""
        return self.inputs.shape[1]

    @cached_property
    def single(self) -> "NonlinearObjective":
        """The same with data in single precision: at points in single precision everything is
        worked out in that."""
        return replace(self, inputs=self.inputs.astype(SINGLE), outputs=self.outputs.astype(SINGLE))

    def batch(self, which: NDArray[np.intp]) -> "NonlinearObjective":
        """The same on some of the samples: their mean loss."""
        return replace(self, inputs=self.inputs[:, which], outputs=self.outputs[:, which])

    def predict(self, theta: Array, inputs: Array | None = None) -> Array:
        """f(x; θ), (..., d_out, n), on the given inputs (d_in, n) or those of the samples."""
        signal = self.inputs if inputs is None else inputs
        layers, shifts = self.network.layers(theta), self.network.shifts(theta)
        with np.errstate(over="ignore", invalid="ignore"):
            for l, weights in enumerate(layers):
                signal = weights @ (self.network.phi.value(signal) if l else signal)
                if shifts:
                    signal += shifts[l][..., None]
        return signal

    def loss(self, theta: Array) -> Array:
        """L(θ), shape (...)."""
        return self.judged(theta, self.predict(theta))

    def judged(self, theta: Array, predicted: Array) -> Array:
        """L(θ), shape (...), where f(X; θ), (..., d_out, n), is known."""
        with np.errstate(over="ignore", invalid="ignore"):
            value = self.criterion.value(predicted, self.outputs)
            if self.weight_decay:
                value = value + 0.5 * self.weight_decay * np.einsum("...i,...i->...", theta, theta)
        return value

    def gradient(self, theta: Array) -> Array:
        """∇L(θ), shape (..., P), by backpropagation."""
        return self.linearize(theta).gradient

    def linearize(self, theta: Array) -> "NonlinearLinearization":
        """Everything at θ that the gradient and Hessian products share."""
        return NonlinearLinearization(self, theta)

    def hessian(self, theta: Array) -> Array:
        """∇²L(θ), shape (..., P, P), one Hessian product a column."""
        count = self.network.parameters
        return self.linearize(theta[..., None, :]).hessian_product(np.eye(count))


class NonlinearLinearization:
    """Signals and errors at θ (..., P), from which ∇L and ∇²L·v follow.

    Attributes:
        weights: W_l, (..., w_l, w_{l-1}).
        inputs: h_{l-1} = φ(u_{l-1}), what feeds layer l, (..., w_{l-1}, n); the first is X.
        slopes: φ′(u_l) of the hidden layers, (..., w_l, n).
        errors: δ_l = ∂L/∂u_l, without weight decay, (..., w_l, n).
        spread: of the criterion at the outputs.
    """

    def __init__(self, objective: NonlinearObjective, theta: Array) -> None:
        self.objective, self.theta = objective, theta
        network, phi = objective.network, objective.network.phi
        self.weights, shifts = network.layers(theta), network.shifts(theta)
        self.inputs, self.slopes = [objective.inputs], []
        self._sums: list[Array] = []
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for l, layer in enumerate(self.weights):
                u = layer @ self.inputs[-1]
                if shifts:
                    u += shifts[l][..., None]
                self._sums.append(u)
                if l < network.depth - 1:
                    self.inputs.append(phi.value(u))
                    self.slopes.append(phi.slope(u, self.inputs[-1]))
            self._carry_back()

    def _carry_back(self) -> None:
        error = self.objective.criterion.slope(self._sums[-1], self.objective.outputs)
        self.errors, self._carried = [error], []
        for layer, slope in zip(self.weights[:0:-1], self.slopes[::-1], strict=True):
            self._carried.append(layer.swapaxes(-1, -2) @ self.errors[-1])
            self.errors.append(self._carried[-1] * slope)
        self.errors.reverse()
        self._carried.reverse()

    @cached_property
    def spread(self) -> Array:
        """What the second derivative of the loss in the outputs is made of."""
        return self.objective.criterion.spread(self._sums[-1])

    @cached_property
    def bends(self) -> list[Array] | None:
        """(∂L/∂h_l) φ″(u_l) of the hidden layers, (..., w_l, n); None where φ″ = 0."""
        bend = self.objective.network.phi.bend
        if bend is None:
            return None
        hidden = zip(self._carried, self._sums, self.inputs[1:], self.slopes, strict=False)
        return [carried * bend(u, h, slope) for carried, u, h, slope in hidden]

    @cached_property
    def loss(self) -> Array:
        """L(θ), shape (...)."""
        return self.objective.judged(self.theta, self._sums[-1])

    @cached_property
    def gradient(self) -> Array:
        """∇L(θ), shape (..., P)."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            pairs = zip(self.errors, self.inputs, strict=True)
            layers = [error @ h.swapaxes(-1, -2) for error, h in pairs]
            flat = self.objective.network.flat(layers, self._summed(self.errors))
            if self.objective.weight_decay:
                flat += self.objective.weight_decay * self.theta
        return flat

    def hessian_product(self, direction: Array) -> Array:
        """∇²L(θ)·v for v (..., P), broadcast against θ (Pearlmutter's forward-over-reverse)."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            flat = self._curved(direction)
            if self.objective.weight_decay:
                flat = flat + self.objective.weight_decay * direction
        return flat

    def _curved(self, direction: Array) -> Array:
        network = self.objective.network
        tangents, shifts = network.layers(direction), network.shifts(direction)
        moved: list[Array] = []  # dh_l of the hidden layers
        dus: list[Array] = []
        for l, tangent in enumerate(tangents):
            du = tangent @ self.inputs[l]
            if l:
                du = du + self.weights[l] @ moved[-1]
            if shifts:
                du = du + shifts[l][..., None]
            dus.append(du)
            if l < network.depth - 1:
                moved.append(self.slopes[l] * du)
        derror = self.objective.criterion.curve(self.spread, dus[-1])
        blocks, derrors = [], [derror]
        for l in range(network.depth - 1, -1, -1):
            block = derror @ self.inputs[l].swapaxes(-1, -2)
            if l:
                block = block + self.errors[l] @ moved[l - 1].swapaxes(-1, -2)
                carried = tangents[l].swapaxes(-1, -2) @ self.errors[l]
                carried = carried + self.weights[l].swapaxes(-1, -2) @ derror
                derror = carried * self.slopes[l - 1]
                if self.bends is not None:
                    derror = derror + self.bends[l - 1] * dus[l - 1]
                derrors.append(derror)
            blocks.append(block)
        return network.flat(blocks[::-1], self._summed(derrors[::-1]))

    def _summed(self, errors: list[Array]) -> list[Array] | None:
        """What reaches the biases."""
        return [error.sum(axis=-1) for error in errors] if self.objective.network.biases else None


Network = LinearNetwork | NonlinearNetwork
Loss = Objective | NonlinearObjective
"""Of either kind."""

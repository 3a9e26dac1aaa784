"""What gradient descent and its measurements ask of a loss.

:class:`eosdash.core.networks.linear.Objective`, of linear networks, and
:class:`eosdash.core.networks.nonlinear.NonlinearObjective` both offer it. Whatever else the first
knows, from the global minimum to the balance of its layers, is optional: it is not measured
elsewhere.
"""

from typing import Protocol

from eosdash.core.types import Array


class Parameters(Protocol):
    """The shape of a parameter vector."""

    @property
    def parameters(self) -> int:
        """Its length P."""


class Linearized(Protocol):
    """What is shared by the derivatives at θ (..., P)."""

    @property
    def gradient(self) -> Array:
        """∇L(θ), (..., P)."""

    def hessian_product(self, direction: Array) -> Array:
        """∇²L(θ)·v for v (..., P), broadcast against θ."""


class Surface(Protocol):
    """A loss L(θ) with two derivatives, for θ (..., P) with any leading batch axes."""

    @property
    def network(self) -> Parameters:
        """The shape of θ."""

    @property
    def weight_decay(self) -> float:
        """r of ½ r ‖θ‖², which is part of L."""

    def loss(self, theta: Array) -> Array:
        """L(θ), (...)."""

    def gradient(self, theta: Array) -> Array:
        """∇L(θ), (..., P)."""

    def linearize(self, theta: Array) -> Linearized:
        """Everything at θ that the gradient and Hessian products share."""

    def hessian(self, theta: Array) -> Array:
        """∇²L(θ), (..., P, P)."""

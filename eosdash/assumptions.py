"""What the theory of large learning rates assumes: each assumption in words, and as a test.

``η``, ``r`` and ``Σ`` are as in :mod:`eosdash.core.networks.linear`; k is the rank of the learned
map.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from eosdash.core.descent.optimizers import GRADIENT_DESCENT, Optimizer
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss
from eosdash.core.theory.bounded import free_layer, learned_rank, unseen_input
from eosdash.core.theory.statements import is_singular_everywhere, seen_directions, target_rank

ROUNDED = 1 - 1e-9
"""Rounding of η_C must not make the origin stable where it is the global minimizer itself."""


@dataclass(frozen=True)
class Setting:
    """What an assumption is asked of.

    Attributes:
        loss: the network and its loss.
        lr: the learning rate η.
        rule: how steps are made.
        constant: whether η stays as it is.
    """

    loss: Loss
    lr: float
    rule: Optimizer = GRADIENT_DESCENT
    constant: bool = True

    @property
    def is_linear(self) -> bool:
        """Whether the network is linear, and the loss then squared."""
        return isinstance(self.loss, Objective)

    @property
    def objective(self) -> Objective:
        """The loss of a linear network, of which alone it is asked.

        Raises:
            TypeError: if the network is not linear.
        """
        if not isinstance(self.loss, Objective):
            raise TypeError("this is asked of linear networks only")
        return self.loss

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """(d_in, w_1, …, w_{L−1}, d_out)."""
        return self.objective.network.sizes

    @cached_property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.sizes) - 1

    @cached_property
    def decay(self) -> float:
        """Weight decay r."""
        return self.objective.weight_decay

    @cached_property
    def seen(self) -> int:
        """Rank of Σ."""
        return seen_directions(self.objective).shape[1]

    @cached_property
    def outputs(self) -> int:
        """How many numbers the data ask for: d_out · rank Σ."""
        return self.sizes[-1] * self.seen

    @cached_property
    def target_rank(self) -> int:
        """Rank of P* F."""
        return target_rank(self.objective)


@dataclass(frozen=True)
class Assumption:
    """A condition of a claim.

    Attributes:
        words: the condition, to follow "needs".
        test: whether it holds; None where that is not found out. Of a network that is not linear
            only ``linear``, ``plain`` and ``constant`` are asked.
    """

    words: str
    test: Callable[[Setting], bool | None]


def _regular(setting: Setting) -> bool | None:
    singular = is_singular_everywhere(setting.objective, setting.lr)
    return None if singular is None else not singular


ASSUMPTIONS = {
    "linear": Assumption("a linear network with squared loss", lambda s: s.is_linear),
    "plain": Assumption(
        "plain gradient descent, without momentum and over all data at once",
        lambda s: s.rule.is_plain,
    ),
    "constant": Assumption("a constant learning rate", lambda s: s.constant),
    "one_layer_rate": Assumption(
        "two layers or more, or an η other than 1/λ for the eigenvalues λ of Σ + rI",
        lambda s: s.depth > 1 or _regular(s),
    ),
    "decay_rate": Assumption(
        "η r ≠ 1, or no direction of weights in which the loss is flat everywhere",
        lambda s: s.depth == 1 or _regular(s),
    ),
    "no_decay": Assumption("no weight decay, r = 0", lambda s: not s.decay),
    "no_well": Assumption(
        "no weight decay, or at most two layers",
        lambda s: not s.decay or s.depth < 3 or s.decay >= s.rule.threshold(s.lr) * ROUNDED,
    ),
    "target": Assumption("a target that is not zero", lambda s: s.target_rank > 0),
    "finite": Assumption(
        "a target that is not zero",
        lambda s: bool(s.decay) or s.target_rank > 0 or (s.depth == 1 and s.seen > 0),
    ),
    "learned": Assumption(
        "a target that is not zero, or two layers", lambda s: s.target_rank > 0 or s.depth < 3
    ),
    "full_rank": Assumption(
        "a target of full rank", lambda s: s.depth == 1 or s.target_rank >= _most_rank(s)
    ),
    "wide": Assumption(
        "no layer narrower than what the data ask for, min(d_out, rank Σ)",
        lambda s: min(s.sizes) >= _most_rank(s),
    ),
    "exact": Assumption(
        "no layer narrower than the rank of the target", lambda s: min(s.sizes) >= s.target_rank
    ),
    "seen": Assumption(
        "data in every input direction, or weight decay",
        lambda s: bool(s.decay) or unseen_input(s.objective) is None,
    ),
    "no_free_layer": Assumption(
        "no two neighbouring hidden layers wider than the rank of the target, or weight decay",
        lambda s: bool(s.decay) or free_layer(s.objective) is None,
    ),
    "whitened": Assumption("whitened data, Σ = I", lambda s: s.objective.is_whitened),
    "chain": Assumption(
        "a scalar chain, every layer one weight", lambda s: s.objective.network.is_chain
    ),
    "data": Assumption("inputs that are not all zero", lambda s: s.seen > 0),
    "one_in_out": Assumption("one input and one output", lambda s: s.sizes[0] * s.sizes[-1] == 1),
    "two_layers": Assumption("two layers", lambda s: s.depth == 2),
    "below": Assumption("η below η_C = 1/(Σ |y|)", lambda s: _overshoot(s) < 1),
}
"""Every assumption by its name."""


def _overshoot(setting: Setting) -> float:
    """η Σ |y| of one input and one output, which with two layers is η/η_C."""
    objective = setting.objective
    return setting.lr * float(objective.covariance[0, 0]) * abs(float(objective.solution[0, 0]))


def _most_rank(setting: Setting) -> int:
    """The largest rank that the data can ask for."""
    return min(setting.sizes[-1], setting.seen)


def manifold_rank(setting: Setting) -> int:
    """Rank of the Jacobian J at minimizers of the learned rank k: k (d_out + rank Σ − k)."""
    k = learned_rank(setting.objective)
    return k * (setting.sizes[-1] + setting.seen - k)

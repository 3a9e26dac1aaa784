"""The learning rate that others are compared with: η_C, or what stands in for it.

Of a linear network it is η_C. Of any other nothing is known of the minimizers, and it is 2/S(θ₀),
at which the start itself is at the edge of stability: a scale, and no limit beyond which nothing
converges.
"""

from typing import NamedTuple

import numpy as np

from eosdash.core.curvature.settled import point_sharpness
from eosdash.core.networks.nonlinear import Loss
from eosdash.core.theory.critical import CriticalLearningRate
from eosdash.core.types import Array
from eosdash.fields import ParameterError, remembered
from eosdash.params import NetworkParams
from eosdash.runs import critical_lr_of, objective_of, start_of

SYMBOL, STARTING_SYMBOL = "η_C", "2/S(θ₀)"


class Reference(NamedTuple):
    """A learning rate as a unit.

    Attributes:
        value: the learning rate; infinite where there is no such scale.
        symbol: what it is called, in plain text.
    """

    value: float
    symbol: str


def symbol_of(params: NetworkParams) -> str:
    """What the unit of learning rates is called."""
    return SYMBOL if params.is_linear else STARTING_SYMBOL


def reference_of(params: NetworkParams) -> Reference:
    """The unit of learning rates of a parameter set."""
    critical = critical_lr_of(params)
    if critical is not None:
        return Reference(critical.value, SYMBOL)
    shared = {name: getattr(params, name) for name in NetworkParams.model_fields}
    # The learning rate has no part in it, and would only miss what is remembered.
    return Reference(_starting_lr(NetworkParams(**shared | {"lr": 1.0})), STARTING_SYMBOL)


@remembered
def _starting_lr(params: NetworkParams) -> float:
    objective = objective_of(params)
    return starting_lr(objective, start_of(params, objective))


def starting_lr(objective: Loss, theta: Array) -> float:
    """2/S at θ (P,); infinite where the loss is curved upwards in no direction."""
    sharpness = float(point_sharpness(objective, theta[:, None])[0])
    return 2 / sharpness if sharpness > 0 else float(np.inf)


def known_critical_lr(params: NetworkParams) -> CriticalLearningRate:
    """η_C of a linear network.

    Raises:
        ParameterError: if the network is not linear.
    """
    critical = critical_lr_of(params)
    if critical is None:
        raise ParameterError("activation", "η_C is known for linear networks only", "linear")
    return critical
